import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { PyramidFlowError } from '../src/errors';
import { ROOT, bundle, bundlePrograms } from './support/bundle';
import { files } from './support/files';
import { main } from './support/main';
import { generateShaderTypes } from './wgsl-plugin';

/** What can be built, by name. `cli` is what the package ships: the command and the Node API. */
const TARGETS: Readonly<Record<string, () => Promise<void>>> = {
  cli: async () => {
    await bundle(['src/node/cli.ts'], { outfile: 'dist/cli.js', banner: { js: '#!/usr/bin/env node' } });
    await bundle(['src/node/index.ts'], { outfile: 'dist/node.js' });
    chmodSync(join(ROOT, 'dist/cli.js'), 0o755);
  },
  tests: () => bundlePrograms(files('test', '.test.ts')),
  benchmarks: () => bundlePrograms(files('benchmarks', '.ts')),
};

main(async ([name = 'cli']) => {
  const chosen = name === 'all' ? Object.values(TARGETS) : [TARGETS[name]];
  if (!chosen[0]) {
    throw new PyramidFlowError('UsageError', `no target '${name}'`, `use ${Object.keys(TARGETS).join(', ')} or all`);
  }
  generateShaderTypes();
  for (const build of chosen) await build();
});

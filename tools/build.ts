import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { PyramidFlowError } from '../src/core/errors';
import { bundle, bundlePrograms, ROOT } from './support/bundle';
import { bundleExamples } from './support/examples';
import { files } from './support/files';
import { main } from './support/main';
import { bundleWeb, emitTypes } from './support/web';
import { generateShaderTypes } from './wgsl-plugin';

/** What can be built, by name. The package ships the first three: the command and the Node API, the page API, types. */
const TARGETS: Readonly<Record<string, () => Promise<void>>> = {
  cli: async () => {
    await bundle(['src/node/cli/cli.ts'], { outfile: 'dist/cli.js', banner: { js: '#!/usr/bin/env node' } });
    await bundle(['src/node/index.ts'], { outfile: 'dist/node.js' });
    chmodSync(join(ROOT, 'dist/cli.js'), 0o755);
  },
  web: bundleWeb,
  types: async () => emitTypes(),
  examples: bundleExamples,
  tests: () => bundlePrograms(files('test', '.test.ts')),
  benchmarks: () => bundlePrograms(files('benchmarks', '.ts')),
};

const PACKAGE = ['cli', 'web', 'types'];

main(async (names) => {
  const chosen = names[0] === 'all' ? Object.keys(TARGETS) : names.length > 0 ? names : PACKAGE;
  const unknown = chosen.find((name) => !Object.hasOwn(TARGETS, name));
  if (unknown !== undefined) {
    throw new PyramidFlowError('UsageError', `no target '${unknown}'`, `use ${Object.keys(TARGETS).join(', ')} or all`);
  }
  generateShaderTypes();
  for (const name of chosen) await TARGETS[name]();
});

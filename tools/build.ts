import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PyramidFlowError } from '../src/core/errors';
import { bundle, bundlePrograms, ROOT } from './support/bundle';
import { emitTypes } from './support/declarations';
import { bundleExamples } from './support/examples';
import { files } from './support/files';
import { main } from './support/main';
import { bundleWeb } from './support/web';
import { generateShaderTypes } from './wgsl-plugin';

/** What can be built, by name. The package ships the first four: command and Node API, page API, esbuild plugin, types. */
const TARGETS: Readonly<Record<string, (out: string) => Promise<void> | void>> = {
  cli: async (out) => {
    await bundle(['src/node/cli/cli.ts'], { outfile: `${out}/cli.js`, banner: { js: '#!/usr/bin/env node' } });
    await bundle(['src/node/index.ts'], { outfile: `${out}/node.js` });
    chmodSync(join(ROOT, out, 'cli.js'), 0o755);
  },
  web: bundleWeb,
  plugin: (out) => bundle(['src/node/wgsl/index.ts'], { outfile: `${out}/esbuild.js` }),
  types: emitTypes,
  examples: bundleExamples,
  tests: () => bundlePrograms(files('test', '.test.ts')),
  benchmarks: () => bundlePrograms(files('benchmarks', '.ts')),
};

const PACKAGE = ['cli', 'web', 'plugin', 'types'];

// Builds the package, or the targets named, `--out` being the folder of the package: `tsx tools/build.ts [TARGET...] [--out dist]`.
main(async (args) => {
  const options = { out: { type: 'string', default: 'dist' } } as const;
  const { values, positionals: names } = parseArgs({ args, options, allowPositionals: true });
  const chosen = names[0] === 'all' ? Object.keys(TARGETS) : names.length > 0 ? names : PACKAGE;
  const unknown = chosen.find((name) => !Object.hasOwn(TARGETS, name));
  if (unknown !== undefined) {
    throw new PyramidFlowError('UsageError', `no target '${unknown}'`, `use ${Object.keys(TARGETS).join(', ')} or all`);
  }
  generateShaderTypes();
  for (const name of chosen) await TARGETS[name](values.out);
});

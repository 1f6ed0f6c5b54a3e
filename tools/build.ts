import { chmodSync, rmSync } from 'node:fs';
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

/** What Node loads, by its name in the package. */
const NODE = {
  cli: 'src/node/cli/cli.ts',
  node: 'src/node/index.ts',
  flow: 'src/node/flow.ts',
  esbuild: 'src/node/wgsl/index.ts',
};

/** What can be built, by name. The package ships the first three. */
const TARGETS: Readonly<Record<string, (out: string) => Promise<void> | void>> = {
  node: async (out) => {
    rmSync(join(ROOT, out, 'chunks'), { recursive: true, force: true }); // of builds before this one
    // what they share is there once: a Tensor of one entry is one for the others
    await bundle(NODE, { outdir: out, splitting: true, chunkNames: 'chunks/[name]-[hash]' });
    chmodSync(join(ROOT, out, 'cli.js'), 0o755);
  },
  web: bundleWeb,
  types: emitTypes,
  examples: bundleExamples,
  tests: () => bundlePrograms(files('test', '.test.ts')),
  benchmarks: () => bundlePrograms(files('benchmarks', '.ts')),
};

const PACKAGE = ['node', 'web', 'types'];

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

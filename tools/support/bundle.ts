import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { PyramidFlowError } from '../../src/core/errors';
import { wgsl } from '../wgsl-plugin';

/** Tools and tests run from the root, which npm sees to. Their own place tells nothing: tests are bundled. */
export const ROOT = process.cwd();

/** Common to every bundle: kernels are included, npm packages are not. */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'silent', // the error that is thrown says it all
  plugins: [wgsl()],
  alias: { 'pyramidflow/flow': './src/node/flow.ts' }, // which examples import
} satisfies BuildOptions;

/**
 * Bundles files named relative to the root: a list, or a table by the name that the bundle gets. Throws UsageError for a missing file,
 * else esbuild's error.
 *
 * @returns what was built, and of what
 */
export async function bundle(entryPoints: string[] | Record<string, string>, options: BuildOptions): Promise<Metafile> {
  const missing = Object.values(entryPoints).find((entry) => !existsSync(join(ROOT, entry)));
  if (missing) throw new PyramidFlowError('UsageError', `${missing} does not exist`, 'name a file of this repository');
  const { metafile } = await build({ ...COMMON, entryPoints, ...options, metafile: true });
  return metafile;
}

/** Tests get a `uvu` that prints errors with details. */
const readableErrors: Plugin = {
  name: 'readable errors',
  setup(build) {
    const path = join(ROOT, 'tools/support/uvu.ts');
    build.onResolve({ filter: /^uvu$/ }, ({ importer }) => (importer === path ? undefined : { path }));
  },
};

/** Bundles programs of this repository (tests, benchmarks, tools) into build/; what they share is built once. */
export async function bundlePrograms(files: readonly string[]): Promise<void> {
  await bundle([...files], {
    outdir: 'build',
    outbase: '.',
    outExtension: { '.js': '.mjs' },
    plugins: [wgsl(), readableErrors],
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
}

/** Bundles modules that tests load in a page: test/web/x.page.ts becomes build/pages/web/x.page.js. */
export async function bundlePages(files: readonly string[]): Promise<void> {
  await bundle([...files], {
    platform: 'browser',
    target: 'es2022',
    outdir: 'build/pages',
    outbase: 'test',
    alias: { 'pyramidflow/flow': './src/web/flow.ts' },
  });
}

/** Where `bundlePrograms` puts a file: test/ops/blur.test.ts becomes build/test/ops/blur.test.mjs. */
export function bundledPath(file: string): string {
  return join('build', file).replace(/\.ts$/, '.mjs');
}

import { build, type Metafile } from 'esbuild';
import { wgsl } from '../wgsl-plugin';
import { ROOT } from './bundle';

/** What a test file needs: only Node, also an adapter, or also a browser. */
export const PARTS = ['unit', 'gpu', 'browser'] as const;
export type Part = (typeof PARTS)[number];

/** Modules that drive a browser, and those that open an adapter, in this process or another. */
const BROWSER = ['test/support/browser.ts'];
const ADAPTER = ['src/node/dawn.ts', 'test/support/process.ts', 'test/support/child.ts', 'tools/fuzz/run.ts'];

/** The part of each test file, by what it imports. */
export async function partsOf(files: readonly string[]): Promise<Map<string, Part>> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...files],
    outdir: 'build',
    bundle: true,
    write: false,
    metafile: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    plugins: [wgsl()],
  });
  return new Map(files.map((file) => [file, partOf(reachedFrom(file, metafile))]));
}

function partOf(modules: ReadonlySet<string>): Part {
  if (BROWSER.some((module) => modules.has(module))) return 'browser';
  return ADAPTER.some((module) => modules.has(module)) ? 'gpu' : 'unit';
}

function reachedFrom(file: string, { inputs }: Metafile): Set<string> {
  const reached = new Set([file]);
  for (const module of reached) {
    for (const { path, kind } of inputs[module]?.imports ?? []) if (kind !== 'dynamic-import') reached.add(path);
  }
  return reached;
}

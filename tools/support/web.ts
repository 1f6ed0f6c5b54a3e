import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { bundle, ROOT } from './bundle';

/** The most bytes (gzip -9) that a page loads before it detects: all but what draws, learns, and explains a missing GPU. */
export const BUDGET = 32 * 1024;

/** The most bytes (gzip -9) that a page loads before it trains a RealNVP. */
export const FLOW_BUDGET = 24.5 * 1024;

const PAGE = { platform: 'browser', target: 'es2022', minify: true } as const;
const SPLIT = { ...PAGE, splitting: true } as const;
const ENTRIES = { web: 'src/web/index.ts', 'flow-web': 'src/web/flow.ts' } as const;

/** Files that a page loads. */
export interface Load {
  /** what is in them, by the files that it was built from */
  readonly sources: readonly string[];
  readonly bytes: number;
  /** bytes, each file packed by gzip -9 */
  readonly gzip: number;
}

/** Builds what a page loads: web.js and, beside it, the worker that it starts for training; and the framework, flow-web.js. */
export async function bundleWeb(out: string): Promise<void> {
  await bundleEntry('web', out);
  await bundle(['src/web/worker.ts'], { ...PAGE, outfile: `${out}/web-worker.js` });
  await bundleEntry('flow-web', out);
}

/** Builds OUT/NAME.js, OUT/NAME-chunk.js with all that it needs at once, and OUT/NAME-*.js with what it loads later. */
export async function bundleEntry(name: keyof typeof ENTRIES, out: string): Promise<Load> {
  const entry = ENTRIES[name];
  // every module imports the entry: so those that are loaded later share one chunk with it, which packs best
  const options = { ...SPLIT, inject: [entry], outdir: out, chunkNames: `${name}-[name]` };
  return firstLoad(await bundle({ [name]: entry }, options), `${name}.js`);
}

/**
 * Builds what a bundler makes of a page that trains a RealNVP.
 *
 * @param entry the framework, as a module in `folder` imports it
 */
export async function bundleFlowPage(entry: string, folder: string, outdir: string): Promise<Load> {
  const names = 'Adam, coupling, Flow, mlp, nll, openGpu, Random';
  const contents = `import { ${names} } from '${entry}'; console.log(${names});`;
  const { metafile } = await build({
    ...{ ...SPLIT, bundle: true, format: 'esm', metafile: true, absWorkingDir: ROOT, outdir },
    stdin: { contents, resolveDir: folder },
  });
  return firstLoad(metafile, 'stdin.js');
}

/** What the page loads of a build before any `import()`. */
function firstLoad({ outputs }: Metafile, entry: string): Load {
  const files = Object.keys(outputs).filter((file) => file.endsWith(`/${entry}`));
  for (const file of files) {
    for (const { kind, path } of outputs[file].imports) {
      if (kind === 'import-statement' && !files.includes(path)) files.push(path);
    }
  }
  const contents = files.map((file) => readFileSync(join(ROOT, file)));
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const inputs = files.flatMap((file) => Object.entries(outputs[file].inputs));
  return {
    sources: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([source]) => source),
    bytes: sum(contents.map(({ length }) => length)),
    gzip: sum(contents.map((content) => gzipSync(content, { level: 9 }).length)),
  };
}

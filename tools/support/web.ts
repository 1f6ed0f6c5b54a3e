import { build } from 'esbuild';
import { bundle } from './bundle';

/** The most bytes (gzip -9) that inference in a page may take, with all its shaders. */
export const BUDGET = 39 * 1024;

/** The most bytes (gzip -9) that a page may take which trains a RealNVP, with its shaders. */
export const FLOW_BUDGET = 27 * 1024;

const PAGE = { platform: 'browser', target: 'es2022', minify: true } as const;

/** Builds what a page loads: web.js and, beside it, the worker that it starts for training; and the framework, flow-web.js. */
export async function bundleWeb(out: string): Promise<void> {
  await bundle(['src/web/index.ts'], { ...PAGE, outfile: `${out}/web.js` });
  await bundle(['src/web/worker.ts'], { ...PAGE, outfile: `${out}/web-worker.js` });
  await bundle(['src/web/flow.ts'], { ...PAGE, outfile: `${out}/flow-web.js` });
}

/**
 * What a bundler makes of a page that trains a RealNVP.
 *
 * @param entry the framework, as a module in `folder` imports it
 */
export async function flowPage(entry: string, folder: string): Promise<Uint8Array> {
  const names = 'Adam, coupling, Flow, mlp, nll, openGpu, Random';
  const contents = `import { ${names} } from '${entry}'; console.log(${names});`;
  const { outputFiles } = await build({
    ...{ ...PAGE, bundle: true, format: 'esm', write: false },
    stdin: { contents, resolveDir: folder },
  });
  return outputFiles[0].contents;
}

import { bundle } from './bundle';

/** The most bytes (gzip -9) that inference in a page may take, with all its shaders. */
export const BUDGET = 39 * 1024;

/** Builds what a page loads: web.js and, beside it, the worker that it starts for training. */
export async function bundleWeb(out: string): Promise<void> {
  const page = { platform: 'browser', target: 'es2022', minify: true } as const;
  await bundle(['src/web/index.ts'], { ...page, outfile: `${out}/web.js` });
  await bundle(['src/web/worker.ts'], { ...page, outfile: `${out}/web-worker.js` });
}

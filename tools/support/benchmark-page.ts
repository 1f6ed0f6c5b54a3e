import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf } from '../../benchmarks/node/commit';
import { bundle, ROOT } from './bundle';

/** A folder that any static server can serve as it is. */
export const BENCHMARK_PAGE = 'build/benchmark-page';

/** Builds benchmarks/index.html, with the commit that its reports will name. */
export async function bundleBenchmarkPage(): Promise<void> {
  rmSync(join(ROOT, BENCHMARK_PAGE), { recursive: true, force: true });
  const define = { COMMIT: JSON.stringify(commitOf(ROOT)) };
  const page = { platform: 'browser', target: 'es2022', minify: true } as const;
  await bundle(['benchmarks/page/main.ts'], { ...page, outfile: `${BENCHMARK_PAGE}/page.js`, define });
  await bundle(['benchmarks/page/page.css'], { ...page, outfile: `${BENCHMARK_PAGE}/page.css` });
  for (const name of ['index.html', 'schema.json']) cpSync(join(ROOT, 'benchmarks', name), join(ROOT, BENCHMARK_PAGE, name));
}

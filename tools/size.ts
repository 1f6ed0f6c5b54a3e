import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './support/bundle';
import { main } from './support/main';
import { BUDGET, bundleWeb, FLOW_BUDGET, flowPage } from './support/web';
import { generateShaderTypes } from './wgsl-plugin';

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** Builds what a page loads and prints its size; exit status 1 where a page is over its budget. */
main(async () => {
  generateShaderTypes();
  await bundleWeb('dist');
  const built = (file: string) => readFileSync(join(ROOT, 'dist', file));
  print('dist/web.js', built('web.js'), BUDGET);
  print('dist/web-worker.js', built('web-worker.js'));
  print('dist/flow-web.js', built('flow-web.js'));
  print('a page that trains a RealNVP', await flowPage('./dist/flow-web.js', ROOT), FLOW_BUDGET);
});

function print(what: string, bytes: Uint8Array, budget = Infinity): void {
  const packed = gzipSync(bytes, { level: 9 }).length;
  const over = packed > budget;
  const judgement = budget === Infinity ? 'no budget' : `${over ? 'over' : 'within'} the budget of ${kibibytes(budget)}`;
  console.log(`${what}: ${bytes.length} bytes minified, ${packed} bytes gzip (${kibibytes(packed)}, ${judgement})`);
  if (over) process.exitCode = 1;
}

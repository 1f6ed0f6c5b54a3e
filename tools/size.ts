import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './support/bundle';
import { main } from './support/main';
import { BUDGET, bundleWeb } from './support/web';
import { generateShaderTypes } from './wgsl-plugin';

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** Builds what a page loads and prints its size; exit status 1 where inference is over its budget. */
main(async () => {
  generateShaderTypes();
  await bundleWeb('dist');
  for (const [file, budget] of [
    ['web.js', BUDGET],
    ['web-worker.js', undefined],
  ] as const) {
    const bytes = readFileSync(join(ROOT, 'dist', file));
    const packed = gzipSync(bytes, { level: 9 }).length;
    const over = budget !== undefined && packed > budget;
    const judgement = budget === undefined ? 'no budget' : `${over ? 'over' : 'within'} the budget of ${kibibytes(budget)}`;
    console.log(`dist/${file}: ${bytes.length} bytes minified, ${packed} bytes gzip (${kibibytes(packed)}, ${judgement})`);
    if (over) process.exitCode = 1;
  }
});

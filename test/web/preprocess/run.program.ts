import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { openRuntime } from '../../../src/node/dawn';
import { readImage } from '../../../src/node/files/image-file';
import { resizedInput } from '../../support/resized-input';
import { type Result, result } from '../same-bits/result';
import { SIZE } from './size';

// What Node reads from image files: the decoded bytes, and the network's input.
const [report, ...files] = process.argv.slice(2);
const gpu = await openRuntime();
const results: Result[] = [];
for (const file of files) {
  const image = await readImage(file);
  results.push(result(basename(file), 'bytes', Uint32Array.from(image.data)));
  results.push(result(basename(file), 'network input', await resizedInput(gpu, image, SIZE.height, SIZE.width).read()));
}
writeFileSync(report, JSON.stringify({ adapter: gpu.adapter.description, results }));
process.exit(0);

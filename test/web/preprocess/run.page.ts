import { requestDevice } from '../../../src/gpu/device';
import { Runtime } from '../../../src/gpu/runtime';
import { normalizeBytes } from '../../../src/ops/preprocess';
import { decodeImage } from '../../../src/web/image-source';
import { ImageTexture } from '../../../src/web/image-texture';
import { type Report, type Result, result } from '../same-bits/result';
import { SIZE } from './size';

/** What a page reads from image files: the decoded bytes, and the network's input. */
export async function run(files: readonly { name: string; content: readonly number[] }[]): Promise<Report> {
  const gpu = new Runtime(await requestDevice(navigator.gpu));
  const results: Result[] = [];
  for (const { name, content } of files) {
    const texture = ImageTexture.upload(gpu, await decodeImage(new Blob([Uint8Array.from(content)])));
    const decoded = await texture.resized(texture.height, texture.width);
    const resized = await texture.resized(SIZE.height, SIZE.width);
    results.push(result(name, 'bytes', await decoded.read()));
    results.push(result(name, 'network input', await normalizeBytes(resized).read()));
  }
  return { adapter: gpu.adapter.architecture, results };
}

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { Runtime } from '../../src/gpu/runtime';
import { resizeBytes } from '../../src/image/resample';
import { exceedsBinding } from '../../src/image/resize-on-gpu';
import { Tensor } from '../../src/tensor/tensor';
import { resizedPixels } from '../../src/web/large-image';
import { gpu } from '../support/gpu';

test('pixels of an image that is too large for the adapter are resized on the CPU, to the same bytes', async () => {
  const [height, width, pitch] = [9, 40, 64];
  const limits = { ...gpu.adapter.limits, maxStorageBufferBindingSize: 4 * height * pitch };
  const small = new Runtime({ device: gpu.device, adapter: { ...gpu.adapter, limits } });
  const random = new Random(3);
  const rgba = Uint8Array.from({ length: 4 * height * pitch }, () => random.integer(256));
  const rgb = Uint8Array.from({ length: 3 * height * width }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    return rgba[4 * (Math.floor(pixel / width) * pitch + (pixel % width)) + channel];
  });
  assert.ok(exceedsBinding(small, { height, width }));
  const pixels = Tensor.from(small, [height, pitch], new Uint32Array(rgba.buffer));
  const resized = await resizedPixels(pixels, width, 4, 3);
  assert.equal([...(await resized.read())], [...resizeBytes(rgb, height, width, 4, 3)]);
  assert.ok(pixels.freed);
});

test.run();

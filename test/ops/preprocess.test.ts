import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { resizeBytes as resizeOnHost } from '../../src/image/resample';
import { bilinearTaps, PRECISION_BITS } from '../../src/image/taps';
import { IMAGENET, normalizeBytes, resizeBytes } from '../../src/ops/preprocess';
import { uploadBytes } from '../../src/ops/upload-bytes';
import type { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { fixtureData, readFixture } from '../support/fixture';
import { gpu } from '../support/gpu';

const random = new Random(11);
const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => random.integer(256));
/** Black and white alone, where rounding and clamping show most. */
const extremeBytes = (count: number) => Uint8Array.from({ length: count }, () => 255 * random.integer(2));

function resize(x: Tensor<'u32'>, outHeight: number, outWidth: number): Tensor<'u32'> {
  const [, height, width] = x.shape;
  return resizeBytes(x, bilinearTaps(height, outHeight), bilinearTaps(width, outWidth), PRECISION_BITS);
}

for (const name of ['90x70_to_32', '40x60_to_48']) {
  test(`${name}: the bytes are Pillow's, the network input is PyTorch's`, async () => {
    const file = readFixture(`preprocess/${name}`);
    const [height, width] = file.tensors.get('in.image')!.shape;
    const [outHeight, outWidth] = file.tensors.get('out.resized')!.shape;
    const resized = resize(uploadBytes(gpu, fixtureData(file, 'in.image'), [1, height, width]), outHeight, outWidth);
    assertClose(await resized.read(), fixtureData<Uint8Array>(file, 'out.resized'), 0, 'resized');
    assertClose(await normalizeBytes(resized).read(), fixtureData<Float32Array>(file, 'out.input'), 1e-6, 'input');
  });
}

const RESIZES: readonly (readonly [from: readonly [number, number], to: readonly [number, number]])[] = [
  [
    [1, 1],
    [1, 1],
  ],
  [
    [1, 1],
    [7, 3],
  ],
  [
    [5, 1],
    [1, 9],
  ],
  [
    [3, 2],
    [2, 3],
  ],
  [
    [61, 47],
    [64, 5],
  ],
  [
    [13, 300],
    [13, 31],
  ],
  [
    [301, 7],
    [100, 7],
  ],
  [
    [200, 133],
    [1, 1],
  ],
  [
    [97, 101],
    [96, 100],
  ],
];

for (const [[height, width], [outHeight, outWidth]] of RESIZES) {
  test(`${height}x${width} to ${outHeight}x${outWidth}: two images at once, each as on the host`, async () => {
    for (const make of [randomBytes, extremeBytes]) {
      const images = [make(height * width * 3), make(height * width * 3)];
      const x = uploadBytes(gpu, Uint8Array.from(images.flatMap((image) => [...image])), [2, height, width]);
      const y = resize(x, outHeight, outWidth);
      assert.equal(y.shape, [2, outHeight, outWidth, 3]);
      x.free();
      const expected = images.flatMap((image) => [...resizeOnHost(image, height, width, outHeight, outWidth)]);
      assertClose(await y.read(), expected, 0, make.name);
      y.free();
    }
  });
}

test('bytes arrive one a value, whatever their number is modulo 4', async () => {
  for (const [n, height, width] of [
    [1, 1, 1],
    [1, 1, 2],
    [1, 1, 3],
    [1, 2, 2],
    [3, 5, 7],
  ] as const) {
    const bytes = randomBytes(n * height * width * 3);
    assertClose(await uploadBytes(gpu, bytes, [n, height, width]).read(), bytes, 0, `${n}x${height}x${width}`);
  }
});

for (const [n, height, width] of [
  [1, 1, 1],
  [3, 5, 7],
  [2, 16, 9],
] as const) {
  test(`normalized ${n}x${height}x${width}: (v / 255 - mean) / std, channels first`, async () => {
    const bytes = randomBytes(n * height * width * 3);
    const pixels = height * width;
    for (const { mean, std } of [IMAGENET, { mean: [0, 0.5, 1], std: [1, 0.25, 2] }] as (typeof IMAGENET)[]) {
      const y = normalizeBytes(uploadBytes(gpu, bytes, [n, height, width]), { mean, std });
      assert.equal(y.shape, [n, 3, height, width]);
      const expected = Float64Array.from({ length: y.size }, (_, at) => {
        const [item, channel, pixel] = [Math.floor(at / (3 * pixels)), Math.floor(at / pixels) % 3, at % pixels];
        return (bytes[(item * pixels + pixel) * 3 + channel] / 255 - mean[channel]) / std[channel];
      });
      assertClose(await y.read(), expected, 1e-6, 'y');
    }
  });
}

test('nothing but the result stays in memory', () => {
  const before = gpu.memory.use().live;
  const x = uploadBytes(gpu, randomBytes(9 * 7 * 3), [1, 9, 7]);
  for (const [height, width] of [
    [4, 5],
    [9, 5],
    [4, 7],
    [9, 7],
  ])
    resize(x, height, width).free();
  normalizeBytes(x).free();
  x.free();
  assert.is(gpu.memory.use().live, before);
});

test('bytes that are no RGB image of the size are refused', () => {
  assert.throws(() => uploadBytes(gpu, randomBytes(20), [1, 2, 3]), /expected 18 bytes.*got 20/);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { networkInput, resizedBytes } from '../../src/image/model-input';
import { resizeBytes } from '../../src/image/resample';
import { IMAGENET, type Normalization } from '../../src/ops/preprocess';
import { assertClose } from '../support/assert-close';
import { gpu } from '../support/gpu';
import { resizedInput } from '../support/resized-input';
import { randomByteImage } from '../support/small-model';

const random = new Random(6);
const OTHER: Normalization = { mean: [0.1, 0.2, 0.3], std: [1, 0.5, 0.25] };

/** (v / 255 - mean) / std, channels first. */
function normalized(bytes: Uint8Array, { mean, std }: Normalization): Float64Array {
  const pixels = bytes.length / 3;
  return Float64Array.from(bytes, (_, at) => {
    const [channel, pixel] = [Math.floor(at / pixels), at % pixels];
    return (bytes[3 * pixel + channel] / 255 - mean[channel]) / std[channel];
  });
}

for (const [from, to] of [
  [
    [9, 13],
    [4, 6],
  ],
  [
    [5, 3],
    [16, 24],
  ],
  [
    [8, 12],
    [8, 12],
  ],
  [
    [1, 1],
    [3, 2],
  ],
  [
    [40, 7],
    [7, 40],
  ],
] as const) {
  test(`an image of ${from.join('x')} becomes ${to.join('x')} as the CPU resizes it, then network input`, async () => {
    const image = randomByteImage(random, { height: from[0], width: from[1] });
    const expected = resizeBytes(image.data, from[0], from[1], to[0], to[1]);
    const bytes = resizedBytes(gpu, image, to[0], to[1]);
    assert.equal(bytes.shape, [1, ...to, 3]);
    assertClose(await bytes.read(), expected, 0, 'bytes');
    const input = resizedInput(gpu, image, to[0], to[1]);
    assert.equal(input.shape, [1, 3, ...to]);
    assertClose(await input.read(), normalized(expected, IMAGENET), 1e-6, 'input');
    const other = resizedInput(gpu, image, to[0], to[1], OTHER);
    assertClose(await other.read(), normalized(expected, OTHER), 1e-6, 'input of another normalization');
  });
}

test('a batch holds its images one after the other', async () => {
  const images = [1, 2, 3].map(() => randomByteImage(random, { height: 5, width: 7 } as never));
  const input = networkInput(gpu, images);
  assert.equal(input.shape, [3, 3, 5, 7]);
  const expected = images.flatMap(({ data }) => [...normalized(data, IMAGENET)]);
  assertClose(await input.read(), expected, 1e-6, 'input');
});

test('nothing but the result stays in memory', () => {
  const image = randomByteImage(random, { height: 9, width: 13 });
  const before = gpu.memory.use().live;
  resizedInput(gpu, image, 4, 6).free();
  assert.is(gpu.memory.use().live, before);
});

test.run();

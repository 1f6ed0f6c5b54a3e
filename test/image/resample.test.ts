import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { resizeBytes, shorterSideTo } from '../../src/image/resample';
import { bilinearTaps, PRECISION_BITS } from '../../src/image/taps';
import { assertClose } from '../support/assert-close';
import { fixtureData, readFixture } from '../support/fixture';

test('equals Pillow bit for bit, shrinking and enlarging', () => {
  for (const [name, size] of [
    ['90x70_to_32', 32],
    ['40x60_to_48', 48],
  ] as const) {
    const file = readFixture(`preprocess/${name}`);
    const [height, width] = file.tensors.get('in.image')!.shape;
    const [outHeight, outWidth] = file.tensors.get('out.resized')!.shape;
    assert.equal(shorterSideTo(size, height, width), { height: outHeight, width: outWidth });
    const resized = resizeBytes(fixtureData(file, 'in.image'), height, width, outHeight, outWidth);
    assertClose(resized, fixtureData<Uint8Array>(file, 'out.resized'), 0, name);
  }
});

test('weights of every output sum to one within their rounding, and stay inside the input', () => {
  for (const [inSize, outSize] of [
    [900, 256],
    [256, 256],
    [7, 64],
    [1, 5],
    [5, 1],
    [1024, 255],
    [3, 2],
  ]) {
    const { starts, weights, stride } = bilinearTaps(inSize, outSize);
    for (let out = 0; out < outSize; out++) {
      const own = Array.from(weights.subarray(out * stride, (out + 1) * stride));
      const used = own.findLastIndex((weight) => weight > 0) + 1;
      const name = `${inSize} to ${outSize}, output ${out}`;
      assertClose(
        own.reduce((a, b) => a + b, 0),
        2 ** PRECISION_BITS,
        used,
        name,
      );
      assert.ok(own.every((weight) => weight >= 0) && starts[out] >= 0 && starts[out] + used <= inSize, name);
    }
  }
});

test('halving takes the triangle 1 3 3 1 over 8, cut and renormalised at the edges', () => {
  const { starts, weights, stride } = bilinearTaps(8, 4);
  const one = 2 ** PRECISION_BITS;
  assert.equal([...starts], [0, 1, 3, 5]);
  assert.equal([...weights.subarray(stride, 2 * stride)], [one / 8, (3 * one) / 8, (3 * one) / 8, one / 8, 0]);
  const edge = [3, 3, 1].map((weight) => Math.floor((weight * one) / 7 + 0.5));
  assert.equal([...weights.subarray(0, stride)], [...edge, 0, 0]);
});

test('a constant image stays constant, 255 included; an equal size is copied', () => {
  for (const value of [0, 1, 128, 254, 255]) {
    const image = new Uint8Array(13 * 9 * 3).fill(value);
    for (const [h, w] of [
      [5, 4],
      [40, 31],
      [13, 4],
      [5, 9],
    ]) {
      assert.ok(
        resizeBytes(image, 13, 9, h, w).every((byte) => byte === value),
        `${value} at ${h}x${w}`,
      );
    }
  }
  const random = new Random(1);
  const image = Uint8Array.from({ length: 6 * 5 * 3 }, () => random.integer(256));
  const copy = resizeBytes(image, 6, 5, 6, 5);
  assert.equal(copy, image);
  assert.is.not(copy.buffer, image.buffer);
});

test('the longer side is truncated', () => {
  assert.equal(shorterSideTo(32, 90, 70), { height: 41, width: 32 });
  assert.equal(shorterSideTo(32, 70, 90), { height: 32, width: 41 });
  assert.equal(shorterSideTo(256, 900, 900), { height: 256, width: 256 });
});

test('refuses invalid sizes', () => {
  const isShape = (error: Error) => error.name === 'ShapeError';
  for (const size of [0, -1, 1.5, NaN]) {
    assert.throws(() => bilinearTaps(size, 4), isShape);
    assert.throws(() => bilinearTaps(4, size), isShape);
  }
  assert.throws(() => resizeBytes(new Uint8Array(10), 2, 2, 1, 1), isShape);
});

test.run();

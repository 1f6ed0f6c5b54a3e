import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nearestOp, resizeGradient, resizeInto } from '../../src/ops/nearest';
import { assertClose } from '../support/assert-close';
import { randomTensor } from '../support/gpu';
import { nearest as reference, transposed } from '../support/pyramid-reference';

/** Input shape and target size: the same, enlarged, shrunk, and one direction each way. */
const CASES: readonly (readonly [shape: readonly number[], height: number, width: number])[] = [
  [[1, 1, 1, 1], 1, 1],
  [[1, 1, 1, 1], 9, 13],
  [[2, 3, 5, 7], 5, 7],
  [[2, 3, 3, 5], 9, 5],
  [[1, 2, 2, 3], 16, 24],
  [[2, 2, 6, 10], 3, 5],
  [[1, 3, 9, 7], 1, 1],
  [[1, 2, 16, 24], 2, 3],
  [[3, 1, 2, 21], 10, 7],
];

const SUMS = { absolute: 1e-5, relative: 1e-6 }; // of up to 117 values

for (const [shape, height, width] of CASES) {
  const [n, channels, xHeight, xWidth] = shape;
  const resized = (data: ArrayLike<number>) =>
    reference({ data: Float64Array.from(data), height: xHeight, width: xWidth }, height, width).data;

  test(`[${shape}] to ${height}x${width} takes PyTorch's pixels, and the gradient goes back to them`, async () => {
    const [x, dy] = [randomTensor(shape, 'x'), randomTensor([n, channels, height, width], 'dy')];
    const y = nearestOp.forward({ x }, { height, width });
    assert.equal(y.shape, dy.shape);
    assertClose(await y.read(), resized(await x.read()), 0, 'y');
    const dx = nearestOp.backward(dy, { x }, { height, width }).x!();
    assertClose(await dx.read(), transposed(resized, x.size, await dy.read()), SUMS, 'dx');
  });

  test(`[${shape}] to ${height}x${width} as channels 2 and on of more channels`, async () => {
    const all = channels + 3;
    const pixels = height * width;
    const x = randomTensor(shape, 'x');
    const y = randomTensor([n, all, height, width], 'y');
    const dx = randomTensor(shape, 'dx');
    const [before, dxBefore] = [await y.read(), await dx.read()];

    resizeInto(x, y, 2);
    const window = resized(await x.read());
    const expected = before.map((kept, i) => {
      const [item, channel] = [Math.floor(i / (all * pixels)), Math.floor(i / pixels) % all];
      if (channel < 2 || channel >= 2 + channels) return kept;
      return window[(item * channels + channel - 2) * pixels + (i % pixels)];
    });
    assertClose(await y.read(), expected, 0, 'y');

    resizeGradient(y, 2, dx);
    const added = transposed(resized, x.size, window);
    assertClose(
      await dx.read(),
      added.map((value, i) => value + dxBefore[i]),
      SUMS,
      'dx',
    );
  });
}

test('what does not fit is refused with the numbers', () => {
  const x = randomTensor([2, 3, 5, 6], 'x');
  const resized = (height: number, width: number) => () => nearestOp.forward({ x }, { height, width });
  assert.throws(resized(5, 9), /cannot be resized from 6 to 9 pixels; use a whole/);
  assert.throws(resized(3, 6), /cannot be resized from 5 to 3 pixels/);
  const y = randomTensor([2, 6, 10, 12], 'y');
  assert.throws(() => resizeInto(x, y, 4), /channels 4 to 6 of y \[2,6,10,12\]/);
  assert.throws(() => resizeGradient(y, 4, x), /channels 4 to 6 of y \[2,6,10,12\]/);
  assert.throws(() => resizeInto(randomTensor([1, 3, 5, 6], 'one'), y, 0), /one \[1,3,5,6\]/);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { pairDifferences, templateDifference } from '../../src/pyramidflow/pair-differences';
import { elements, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';

const SUMS = { absolute: 1e-6, relative: 1e-6 };
const CANCELLING = { absolute: 4e-6, relative: 1e-6 }; // up to six terms of size 10
const random = new Random(3);

/** Whole numbers from -1 to 1: many differences are 0, where |.| has no derivative. */
function wholeNumbers(shape: readonly number[]): Tensor {
  return Tensor.from(
    gpu,
    shape,
    Float32Array.from({ length: elements(shape) }, () => random.integer(3) - 1),
    'x',
  );
}

/** The pairs in the order of torch.triu_indices(n, n, offset=1). */
function pairsOf(n: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) pairs.push([i, j]);
  return pairs;
}

/** Forward and gradient by definition; the derivative of |d| at 0 is 0. */
function reference(x: Float32Array, dy: Float32Array, [n, channels, height, width]: readonly number[], power: 1 | 2) {
  const pixels = height * width;
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  pairsOf(n).forEach(([i, j], pair) => {
    for (let at = 0; at < channels * pixels; at++) {
      const out = pair * pixels + (at % pixels);
      const d = x[i * channels * pixels + at] - x[j * channels * pixels + at];
      const slope = (power === 2 ? 2 * d : Math.sign(d)) / channels;
      y[out] += Math.abs(d) ** power / channels;
      dx[i * channels * pixels + at] += slope * dy[out];
      dx[j * channels * pixels + at] -= slope * dy[out];
    }
  });
  return { y, dx };
}

for (const shape of [
  [2, 1, 1, 1],
  [2, 5, 9, 15],
  [3, 2, 7, 5],
  [5, 3, 4, 6],
  [7, 1, 3, 23],
]) {
  for (const power of [1, 2] as const) {
    for (const make of [randomTensor, wholeNumbers]) {
      test(`pairs of [${shape}], power ${power}, ${make.name}`, async () => {
        const [n, , height, width] = shape;
        const [x, dy] = [make(shape), randomTensor([pairsOf(n).length, 1, height, width], 'dy')];
        const expected = reference(await x.read(), await dy.read(), shape, power);
        const y = pairDifferences.forward({ x }, { power });
        assert.equal(y.shape, dy.shape);
        assertClose(await y.read(), expected.y, SUMS, 'y');
        assertClose(await pairDifferences.backward(dy, { x }, { power }).x!().read(), expected.dx, CANCELLING, 'dx');
      });
    }
  }
}

for (const shape of [
  [1, 1, 1, 1],
  [3, 4, 5, 7],
  [2, 3, 9, 16],
]) {
  test(`template difference of [${shape}]`, async () => {
    const [n, channels, height, width] = shape;
    const pixels = height * width;
    const [x, template] = [randomTensor(shape, 'x'), randomTensor([1, channels, height, width], 'template')];
    const [xs, ts] = [await x.read(), await template.read()];
    const expected = new Float64Array(n * pixels);
    xs.forEach((value, at) => {
      const [item, inItem] = [Math.floor(at / (channels * pixels)), at % (channels * pixels)];
      expected[item * pixels + (inItem % pixels)] += Math.abs(value - ts[inItem]) / channels;
    });
    const y = templateDifference(x, template);
    assert.equal(y.shape, [n, 1, height, width]);
    assertClose(await y.read(), expected, SUMS, 'y');
  });
}

test('a single image and a template of another shape are refused', () => {
  const one = randomTensor([1, 2, 3, 3], 'one');
  assert.throws(() => pairDifferences.forward({ x: one }, { power: 2 }), /no pairs/);
  const against = (shape: number[]) => () => templateDifference(one, randomTensor(shape, 't'));
  assert.throws(against([2, 2, 3, 3]), /t as \[1, 2, 3, 3\], got \[2, 2, 3, 3\]/);
  assert.throws(against([1, 2, 3, 4]), (error: Error) => error.name === 'ShapeError');
});

test.run();

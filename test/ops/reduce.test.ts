import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { maxPerItem, mean, sum, sumOfSquares } from '../../src/ops/reduce';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor, randomValues } from '../support/gpu';

// One lane, one workgroup, several, and more values than all lanes of the first pass.
const SIZES = [1, 2, 63, 64, 65, 130, 8191, 8192, 8193, 64 * 128 * 3 + 5];

/** The sum in float64, and the bound for a float32 sum of such values in any tree of lanes. */
function reference(values: Float32Array, term: (value: number) => number): { total: number; bound: number } {
  const [total, size] = values.reduce(([a, b], value) => [a + term(value), b + Math.abs(term(value))], [0, 0]);
  return { total, bound: 1e-6 * size };
}

for (const size of SIZES) {
  test(`sum, mean and sum of squares of ${size} values, the same bits each time`, async () => {
    const x = randomTensor([size], 'x');
    const values = await x.read();
    const { total, bound } = reference(values, (value) => value);
    const first = sum(x);
    assert.equal(first.shape, [1]);
    assertClose(await first.read(), [total], bound, 'sum');
    assertClose(await sum(x).read(), await first.read(), 0, 'sum once more');
    assertClose(await mean(x).read(), [total / size], bound / size, 'mean');
    const squares = reference(values, (value) => value * value);
    assertClose(await sumOfSquares(x).read(), [squares.total], squares.bound, 'squares');
    assertClose(await x.read(), values, 0, 'x after');
  });

  test(`every one of ${size} values counts once`, async () => {
    const ones = Tensor.from(gpu, [size], new Float32Array(size).fill(1), 'ones');
    assertClose(await sum(ones).read(), [size], 0, 'sum');
    assertClose(await sumOfSquares(ones).read(), [size], 0, 'squares');
  });
}

for (const [items, ...rest] of [
  [1, 1],
  [3, 1, 5, 7],
  [2, 2, 9, 16],
  [5, 1, 64],
  [3, 1, 96, 100],
  [2, 1, 1, 1],
]) {
  test(`the maximum of each item of [${[items, ...rest]}], negative values included`, async () => {
    const values = randomValues(items * rest.reduce((a, b) => a * b)).map((value) => value - 20);
    const x = Tensor.from(gpu, [items, ...rest], values, 'x');
    const size = x.size / items;
    const expected = Array.from({ length: items }, (_, i) => Math.max(...values.subarray(i * size, (i + 1) * size)));
    const y = maxPerItem(x);
    assert.equal(y.shape, [items]);
    assertClose(await y.read(), expected, 0, 'maxima');
  });
}

test('a maximum is found wherever it stands', async () => {
  const size = 64 * 5 + 3;
  const values = new Float32Array(size * size).map((_, at) => (at % size === Math.floor(at / size) ? 1 : -1));
  const y = maxPerItem(Tensor.from(gpu, [size, size], values, 'x'));
  assertClose(await y.read(), new Float32Array(size).fill(1), 0, 'maxima');
});

test('a maximum hands on what is not finite, wherever it stands', async () => {
  const size = 64 * 128 + 700; // more than one value a lane
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const at of [0, 1, 63, 64, 8191, 8192, size - 1]) {
      const values = Float32Array.from({ length: 3 * size }, (_, i) => (i === size + at ? bad : i % 7));
      const maxima = await maxPerItem(Tensor.from(gpu, [3, size], values, 'x')).read();
      assert.equal([...maxima], [6, bad, 6], `${bad} at ${at}`);
    }
  }
});

test('nothing but the result stays in memory', () => {
  const x = randomTensor([3, 5000], 'x');
  for (const reduction of [sum, mean, sumOfSquares, maxPerItem]) {
    const before = gpu.memory.use().live;
    reduction(x).free();
    assert.is(gpu.memory.use().live, before);
  }
});

test.run();

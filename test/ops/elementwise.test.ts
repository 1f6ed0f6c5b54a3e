import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addInto, combineInto, fill, scaleInto, zerosLike } from '../../src/ops/elementwise';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';

const SHAPES = [[1], [63], [3, 5, 7, 1], [2, 64], [2, 1, 13, 5]];
const EXACT = 0;

for (const shape of SHAPES) {
  test(`[${shape}]: sums and products are the rounded ones, in place where so named`, async () => {
    const [a, b] = [randomTensor(shape, 'a'), randomTensor(shape, 'b')];
    const [as, bs] = [await a.read(), await b.read()];
    const sum = Float32Array.from(as, (value, i) => value + bs[i]);
    addInto(a, b);
    assertClose(await a.read(), sum, EXACT, 'addInto');
    assertClose(await b.read(), bs, EXACT, 'the value added');
    scaleInto(b, -0.3);
    assertClose(
      await b.read(),
      Float32Array.from(bs, (value) => Math.fround(-0.3) * value),
      EXACT,
      'scaleInto',
    );
    fill(b, -2.5);
    assertClose(await b.read(), new Float32Array(b.size).fill(-2.5), EXACT, 'fill');
    for (const tensor of [a, b]) tensor.free();
  });
}

test('a tensor that needs two rows of the grid is worked on to its end, each element once', async () => {
  const values = Float32Array.from({ length: 64 * 32768 + 67 }, (_, i) => i % 1009);
  const [target, value] = ['target', 'value'].map((label) => Tensor.from(gpu, [values.length], values, label));
  addInto(target, value);
  scaleInto(target, 2);
  assertClose(
    await target.read(),
    values.map((v) => 4 * v),
    EXACT,
    'target',
  );
  fill(target, 5);
  assertClose(await target.read(), values.fill(5), EXACT, 'filled');
});

test('combineInto is a * target + b * value', async () => {
  const [target, value] = [randomTensor([130], 'target'), randomTensor([130], 'value')];
  const [ts, vs] = [await target.read(), await value.read()];
  combineInto(target, 0.9, value, -0.1);
  assertClose(
    await target.read(),
    Float64Array.from(ts, (t, i) => 0.9 * t - 0.1 * vs[i]),
    1e-6,
    'combined',
  );
});

test('fill and zerosLike leave nothing of what memory held, NaN included', async () => {
  const used = Tensor.from(gpu, [70], new Float32Array(70).fill(NaN), 'used');
  fill(used, 3);
  assertClose(await used.read(), new Float32Array(70).fill(3), EXACT, 'filled');
  used.write(new Float32Array(70).fill(Infinity));
  used.free();
  assertClose(await zerosLike(randomTensor([70]), 'zeros').read(), new Float32Array(70), EXACT, 'zeros');
});

test('shapes that differ are refused', () => {
  const [a, b] = [randomTensor([2, 3], 'a'), randomTensor([3, 2], 'b')];
  assert.throws(() => addInto(a, b), /b as \[2, 3\], got \[3, 2\]/);
});

test.run();

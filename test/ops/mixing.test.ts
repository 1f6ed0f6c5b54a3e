import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { luDecompose, orthonormalize } from '../../src/core/linear-algebra';
import { Random } from '../../src/core/random';
import { inverseMixingWeight, type LuTensors, luWeightOp, mixingWeight } from '../../src/ops/mixing';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { centralDifferences, dot } from '../support/central-differences';
import { gpu, randomTensor } from '../support/gpu';
import { identity, mixingReference, product } from '../support/matrix';

const SIZES = [3, 4, 16, 24, 64, 65];
const random = new Random(9);

/** The factors of a random rotation, each entry moved a little, as by training. */
function parameters(n: number): Record<keyof LuTensors, Float32Array> {
  const data = Float64Array.from({ length: n * n }, () => random.normal());
  const { perm, lower, upper } = luDecompose(orthonormalize({ rows: n, columns: n, data }));
  const moved = (values: Float64Array) => Float32Array.from(values, (value) => value + (0.2 * random.normal()) / n);
  const diagonal = upper.data.filter((_, at) => at % (n + 1) === 0);
  return {
    perm: Float32Array.from(perm.data),
    lower: moved(lower.data), // the entries on and above the diagonal have no effect
    upper: moved(upper.data),
    logS: moved(diagonal.map((value) => Math.log(Math.abs(value)))),
    sign: Float32Array.from(diagonal, Math.sign),
  };
}

const tensorsOf = (values: Record<keyof LuTensors, Float32Array>, n: number): LuTensors =>
  Object.fromEntries(
    Object.entries(values).map(([name, data]) => [name, Tensor.from(gpu, data.length === n ? [n] : [n, n], data, name)]),
  ) as LuTensors;

for (const n of SIZES) {
  const values = parameters(n);
  const lu = tensorsOf(values, n);
  const reference = mixingReference(values);

  test(`${n} channels: the weight is P L U, its determinant 1 in size, and the inverse undoes it`, async () => {
    const w = mixingWeight(lu);
    assert.equal(w.shape, [n, n, 1, 1]);
    assertClose(await w.read(), reference.data, 2e-6, 'w');
    const inverse = { rows: n, columns: n, data: Float64Array.from(await inverseMixingWeight(lu).read()) };
    assertClose(product(inverse, reference).data, identity(n).data, 1e-5, 'inverse times w');
    const { upper } = luDecompose(reference);
    const logDeterminant = upper.data
      .filter((_, at) => at % (n + 1) === 0)
      .reduce((sum, d) => sum + Math.log(Math.abs(d)), 0);
    assertClose(logDeterminant, 0, 1e-6, 'log |det w|');
  });

  test(`${n} channels: gradients`, async () => {
    const dw = randomTensor([n, n, 1, 1], 'dw');
    const dws = await dw.read();
    const gradients = luWeightOp.backward(dw, lu, undefined);
    for (const name of ['lower', 'logS', 'upper'] as const) {
      const actual = await gradients[name]!().read();
      const loss = (at: Float64Array) => dot(mixingReference({ ...values, [name]: at }).data, dws);
      const some = n <= 16 ? values[name].length : 40; // of a larger matrix a sample, since each costs a product
      const chosen = Array.from({ length: some }, (_, i) =>
        some === values[name].length ? i : random.integer(values[name].length),
      );
      const whole = Float64Array.from(values[name]);
      const expected = chosen.map((i) => {
        const along = (step: Float64Array) => loss(whole.map((value, at) => (at === i ? step[0] : value)));
        return centralDifferences(along, [whole[i]])[0];
      });
      const largest = actual.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largest > 0.1, `d ${name} is not all zero`);
      assertClose(
        chosen.map((i) => actual[i]),
        expected,
        4e-6 * Math.max(1, largest),
        `d ${name}`,
      );
    }
  });
}

test('a common offset of the log scales changes nothing, and their gradients sum to zero', async () => {
  const values = parameters(16);
  const before = await mixingWeight(tensorsOf(values, 16)).read();
  const shifted = { ...values, logS: values.logS.map((value) => value + 0.5) };
  assertClose(await mixingWeight(tensorsOf(shifted, 16)).read(), before, 2e-6, 'w');
  const dLogS = await luWeightOp.backward(randomTensor([16, 16, 1, 1]), tensorsOf(values, 16), undefined).logS!().read();
  assertClose(
    dLogS.reduce((sum, value) => sum + value),
    0,
    1e-5,
    'sum of d logS',
  );
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { compose, composeGradient, decompose, decomposeGradient, downOp, type Pooling, upOp } from '../../src/ops/pyramid';
import { elements, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';
import * as reference from '../support/pyramid-reference';

const SUMS = { absolute: 1e-6, relative: 1e-6 };
const POOLINGS: readonly Pooling[] = ['max', 'nearest'];
const random = new Random(5);

/** Small whole numbers: their blur is exact in float32, and many 2x2 windows have several maxima. */
function wholeNumbers(shape: readonly number[]): Tensor {
  return Tensor.from(
    gpu,
    shape,
    Float32Array.from({ length: elements(shape) }, () => random.integer(4) - 1),
    'x',
  );
}

async function planesOf(x: Tensor): Promise<reference.Planes> {
  return { data: Float64Array.from(await x.read()), height: x.shape[2], width: x.shape[3] };
}

/** The live bytes that `work` leaves behind once its results are freed. */
function leftBehind(work: () => Tensor[]): number {
  const before = gpu.memory.use().live;
  for (const tensor of work()) tensor.free();
  return gpu.memory.use().live - before;
}

for (const shape of [
  [1, 1, 2, 2],
  [2, 3, 6, 10],
  [1, 2, 4, 70],
  [1, 1, 26, 2],
]) {
  const [n, c, height, width] = shape;
  for (const pooling of POOLINGS) {
    test(`down [${shape}], ${pooling}: blur, then pooling; the gradient goes to the first maximum`, async () => {
      const [x, dy] = [wholeNumbers(shape), randomTensor([n, c, height / 2, width / 2], 'dy')];
      const host = await planesOf(x);
      assertClose(await downOp.forward({ x }, { pooling }).read(), reference.down(host, pooling).data, 0, 'y');
      const derivative = (data: Float64Array) => reference.down({ ...host, data }, pooling, host).data;
      const expected = reference.transposed(derivative, x.size, await dy.read());
      assertClose(await downOp.backward(dy, { x }, { pooling }).x!().read(), expected, SUMS, 'dx');
    });
  }
}

for (const shape of [
  [1, 1, 1, 1],
  [2, 3, 3, 5],
  [1, 2, 1, 35],
  [3, 1, 9, 2],
]) {
  const [n, c, height, width] = shape;
  test(`up [${shape}]: nearest enlargement, then blur; the gradient is its transpose`, async () => {
    const [x, dy] = [randomTensor(shape, 'x'), randomTensor([n, c, 2 * height, 2 * width], 'dy')];
    const host = await planesOf(x);
    assertClose(await upOp.forward({ x }, undefined).read(), reference.up(host).data, SUMS, 'y');
    const linear = (data: Float64Array) => reference.up({ ...host, data }).data;
    const expected = reference.transposed(linear, x.size, await dy.read());
    assertClose(await upOp.backward(dy, {}, undefined).x!().read(), expected, { absolute: 2e-6, relative: 1e-6 }, 'dx');
  });
}

test('max pooling takes the first of equal maxima, and down takes it where none is asked for', async () => {
  const x = Tensor.from(gpu, [1, 1, 8, 8], new Float32Array(64).fill(3), 'x');
  const dy = Tensor.from(
    gpu,
    [1, 1, 4, 4],
    Float32Array.from({ length: 16 }, (_, i) => Number(i === 5)),
    'dy',
  );
  const atFirst = Float64Array.from({ length: 64 }, (_, i) => Number(i === 2 * 8 + 2)); // of the window at (1, 1)
  const expected = reference.blur({ data: atFirst, height: 8, width: 8 }).data;
  assertClose(await downOp.backward(dy, { x }, {}).x!().read(), expected, 0, 'dx');
  const ramp = randomTensor([1, 2, 8, 6], 'ramp');
  const y = await downOp.forward({ x: ramp }, {}).read();
  assertClose(y, await downOp.forward({ x: ramp }, { pooling: 'max' }).read(), 0, 'default');
});

const PYRAMIDS: readonly (readonly [shape: readonly number[], levels: number])[] = [
  [[1, 2, 3, 5], 1],
  [[2, 2, 6, 10], 2],
  [[1, 3, 12, 20], 3],
  [[1, 1, 8, 24], 4],
  [[2, 1, 8, 8], 4],
];

for (const [shape, levels] of PYRAMIDS) {
  const seedShapes = Array.from({ length: levels }, (_, i) => [shape[0], shape[1], shape[2] >> i, shape[3] >> i]);
  for (const pooling of POOLINGS) {
    test(`decompose [${shape}] to ${levels} levels, ${pooling}, and its gradient`, async () => {
      const x = wholeNumbers(shape);
      const host = await planesOf(x);
      const bands = decompose(x, levels, pooling);
      const expected = reference.decompose(host, levels, pooling);
      assert.is(bands.length, levels);
      for (const [i, band] of bands.entries()) {
        assert.equal(band.shape, seedShapes[i]);
        assertClose(await band.read(), expected[i].data, SUMS, `band ${i}`);
      }
      assertClose(await compose(bands).read(), host.data, SUMS, 'composed again');

      const seeds = seedShapes.map((s, i) => randomTensor(s, `d band ${i}`));
      const seedValues = await Promise.all(seeds.map((seed) => seed.read()));
      const derivative = (data: Float64Array) =>
        joined(reference.decompose({ ...host, data }, levels, pooling, host).map((band) => band.data));
      const dx = reference.transposed(derivative, x.size, joined(seedValues));
      assertClose(await decomposeGradient(seeds, x, pooling).read(), dx, { absolute: 4e-6, relative: 1e-6 }, 'dx');
      for (const [i, seed] of seeds.entries()) assertClose(await seed.read(), seedValues[i], 0, `seed ${i} after`);
      assertClose(await x.read(), host.data, 0, 'x after');
    });
  }

  test(`compose ${levels} bands to [${shape}], and its gradients`, async () => {
    const bands = seedShapes.map((s, i) => randomTensor(s, `band ${i}`));
    const hosts = await Promise.all(bands.map(planesOf));
    assertClose(await compose(bands).read(), reference.compose(hosts).data, { absolute: 2e-6, relative: 1e-6 }, 'x');
    const dx = randomTensor(shape, 'dx');
    const seed = await dx.read();
    const gradients = composeGradient(dx, levels);
    assert.is(gradients.length, levels);
    for (const [i, gradient] of gradients.entries()) {
      const zeros: reference.Planes[] = hosts.map((host) => ({ ...host, data: new Float64Array(host.data.length) }));
      const linear = (data: Float64Array) => reference.compose(zeros.with(i, { ...hosts[i], data })).data;
      const tolerance = { absolute: 4e-6 * 2 ** i, relative: 2e-6 };
      assertClose(await gradient.read(), reference.transposed(linear, bands[i].size, seed), tolerance, `d band ${i}`);
    }
    assertClose(await dx.read(), seed, 0, 'dx after');
  });
}

test('nothing but the results stays in memory', () => {
  const x = randomTensor([2, 3, 16, 24], 'x');
  const bands = decompose(x, 4);
  assert.is(
    leftBehind(() => decompose(x, 4)),
    0,
    'decompose',
  );
  assert.is(
    leftBehind(() => [decomposeGradient(bands, x)]),
    0,
    'decomposeGradient',
  );
  assert.is(
    leftBehind(() => [compose(bands)]),
    0,
    'compose',
  );
  assert.is(
    leftBehind(() => composeGradient(x, 4)),
    0,
    'composeGradient',
  );
  assert.is(
    leftBehind(() => [downOp.backward(bands[1], { x }, {}).x!()]),
    0,
    'down',
  );
});

test('sizes that cannot be halved often enough are refused with the good ones', () => {
  const refused = (work: () => unknown, message: RegExp) =>
    assert.throws(work, (error: Error) => error.name === 'ShapeError' && message.test(error.message));
  refused(() => downOp.forward({ x: randomTensor([1, 1, 6, 5], 'x') }, {}), /got x of 6x5/);
  const x = randomTensor([1, 1, 36, 50], 'x');
  refused(() => decompose(x, 4), /multiples of 8.*36x50.*32 or 40 high and 48 or 56 wide/);
  refused(() => decompose(randomTensor([1, 1, 16, 3], 'x'), 4), /16x3.* 8 wide/);
  const bands = [
    [1, 1, 16, 16],
    [1, 1, 4, 4],
  ].map((shape, i) => randomTensor(shape, `band ${i}`));
  refused(() => compose(bands), /band 0 as \[1, 1, 8, 8\], got \[1, 1, 16, 16\]/);
});

function joined(parts: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => Array.from(part)));
}

test.run();

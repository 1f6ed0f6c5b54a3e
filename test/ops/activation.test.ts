import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { leakyReluOp, softClampHead, softClampHeadGradient, softClampOp } from '../../src/ops/activation';
import { elements, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';

const SHAPES = [
  [1, 1, 1, 1],
  [2, 3, 5, 7],
  [1, 2, 1, 64],
  [3, 5, 13, 11],
];
const SLOPE = 0.01;

/** Zeros of both signs, values near 1 where the arc tangent changes over, and very small and very large ones. */
const EDGES = [
  0, -0, 1e-38, -1e-38, 1e-6, 0.5, -0.999999, 1, -1, 1.000001, 1.999999, 2, 2.000001, -7, 100, 1e6, -1e18, 3e38, -3e38,
];
const edges = (label: string) => Tensor.from(gpu, [1, EDGES.length, 1, 1], Float32Array.from(EDGES), label);

for (const shape of SHAPES) {
  test(`leakyRelu [${shape}] and its gradient`, async () => {
    const [x, dy] = [randomTensor(shape, 'x'), randomTensor(shape, 'dy')];
    const [xs, dys] = [await x.read(), await dy.read()];
    const y = leakyReluOp.forward({ x }, { slope: SLOPE });
    assertClose(
      await y.read(),
      xs.map((v) => (v > 0 ? v : Math.fround(SLOPE) * v)),
      0,
      'y',
    );
    const dx = leakyReluOp.backward(dy, { y }, { slope: SLOPE }).x!();
    assertClose(
      await dx.read(),
      dys.map((d, i) => (xs[i] > 0 ? d : Math.fround(SLOPE) * d)),
      0,
      'dx',
    );
    assertClose(await x.read(), xs, 0, 'x after');
    assertClose(await dy.read(), dys, 0, 'dy after');
  });
}

test('leakyRelu at zeros and extremes: 0 counts as not positive', async () => {
  const x = edges('x');
  const y = leakyReluOp.forward({ x }, { slope: 0.5 });
  assertClose(
    (await y.read()).slice(4),
    EDGES.slice(4).map((v) => (v > 0 ? v : v / 2)),
    { absolute: 0, relative: 1e-7 },
    'y',
  );
  const ones = Tensor.from(gpu, x.shape, new Float32Array(x.size).fill(1), 'ones');
  const dx = await leakyReluOp.backward(ones, { y }, { slope: 0.5 }).x!().read();
  assert.equal([...dx.slice(0, 2)], [0.5, 0.5]);
  assert.equal(
    [...dx.slice(4)],
    EDGES.slice(4).map((v) => (v > 0 ? 1 : 0.5)),
  );
});

const clampReference = (v: number, alpha: number) => alpha * 0.636 * Math.atan(v / alpha);
const slopeReference = (v: number, alpha: number) => 0.636 / (1 + (v / alpha) ** 2);

for (const alpha of [2, 0.7]) {
  test(`softClamp, alpha ${alpha}, is exact at zeros, changeovers and extremes, and within alpha`, async () => {
    const [x, dy] = [edges('x'), edges('dy')];
    dy.write(new Float32Array(dy.size).fill(1));
    const y = await softClampOp.forward({ x }, { channels: EDGES.length, alpha }).read();
    assertClose(
      y,
      EDGES.map((v) => clampReference(v, alpha)),
      { absolute: 1e-37, relative: 4e-7 },
      'y',
    );
    assert.ok(y.every((value) => Math.abs(value) < alpha));
    const dx = await softClampOp.backward(dy, { x }, { channels: EDGES.length, alpha }).x!().read();
    assertClose(
      dx,
      EDGES.map((v) => slopeReference(v, alpha)),
      { absolute: 1e-12, relative: 4e-7 },
      'dx',
    );
  });
}

for (const shape of SHAPES) {
  const [batch, channels, ...space] = shape;
  for (const clamped of new Set([1, channels])) {
    test(`softClamp of ${clamped} of the channels of [${shape}], and its gradient`, async () => {
      const x = randomTensor(shape, 'x');
      const dy = randomTensor([batch, clamped, ...space], 'dy');
      const [xs, dys] = [await x.read(), await dy.read()];
      const pixels = elements(space);
      const head = (values: Float32Array) => values.filter((_, i) => Math.floor(i / pixels) % channels < clamped);
      const attrs = { channels: clamped, alpha: 2 };
      const y = softClampOp.forward({ x }, attrs);
      assert.equal(y.shape, dy.shape);
      assertClose(
        await y.read(),
        [...head(xs)].map((v) => clampReference(v, 2)),
        { absolute: 1e-9, relative: 4e-7 },
        'y',
      );
      assertClose(await softClampHead(x, clamped, 2).read(), await y.read(), 0, 'softClampHead');

      const gradientAt = (i: number) => {
        const [item, channel] = [Math.floor(i / (channels * pixels)), Math.floor(i / pixels) % channels];
        if (channel >= clamped) return undefined;
        return dys[(item * clamped + channel) * pixels + (i % pixels)] * slopeReference(xs[i], 2);
      };
      const dx = await softClampOp.backward(dy, { x }, attrs).x!().read();
      assertClose(
        dx,
        Array.from(xs, (_, i) => gradientAt(i) ?? 0),
        { absolute: 1e-9, relative: 4e-7 },
        'dx',
      );
      assertClose(await x.read(), xs, 0, 'x after');
      softClampHeadGradient(x, dy, 2);
      assertClose(
        await x.read(),
        Array.from(xs, (v, i) => gradientAt(i) ?? v),
        { absolute: 1e-9, relative: 4e-7 },
        'in place',
      );
    });
  }
}

test.run();

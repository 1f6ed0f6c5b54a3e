import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  meanShape,
  removeMean,
  subtractMean,
  updateRunningMean,
  type VolumeNorm,
  volumeMean,
  volumeNormOp,
} from '../../src/ops/volume-norm';
import { assertClose } from '../support/assert-close';
import { centralDifferences, dot } from '../support/central-differences';
import { gpu, randomTensor } from '../support/gpu';

type Shape = readonly [batch: number, channels: number, height: number, width: number];

const SHAPES: readonly Shape[] = [
  [1, 1, 1, 1],
  [2, 3, 5, 7],
  [3, 1, 1, 65],
  [1, 70, 3, 3],
  [2, 5, 16, 24],
];
const KINDS: readonly VolumeNorm[] = ['CVN', 'SVN'];
const PRECISION = { absolute: 2e-6, relative: 1e-6 };

/** Which mean element i of x belongs to. */
const groupOf = (kind: VolumeNorm, [, channels, height, width]: Shape, i: number) =>
  kind === 'CVN' ? i % (height * width) : Math.floor(i / (height * width)) % channels;

function meanReference(kind: VolumeNorm, shape: Shape, x: ArrayLike<number>): Float64Array {
  const [batch, channels, height, width] = shape;
  const count = kind === 'CVN' ? batch * channels : batch * height * width;
  const mean = new Float64Array(kind === 'CVN' ? height * width : channels);
  for (let i = 0; i < x.length; i++) mean[groupOf(kind, shape, i)] += x[i] / count;
  return mean;
}

const subtracted = (kind: VolumeNorm, shape: Shape, x: ArrayLike<number>, mean: ArrayLike<number>) =>
  Float64Array.from(x, (value, i) => value - mean[groupOf(kind, shape, i)]);

for (const kind of KINDS) {
  for (const shape of SHAPES) {
    test(`${kind} [${shape}]: training takes the own mean off, evaluation the running one; gradients`, async () => {
      const [x, dy] = [randomTensor(shape, 'x'), randomTensor(shape, 'dy')];
      const runningMean = randomTensor(meanShape(kind, shape), 'running mean');
      const [xs, dys, running] = [await x.read(), await dy.read(), await runningMean.read()];
      const mean = meanReference(kind, shape, xs);
      const run = async (training: boolean) => ({
        y: await volumeNormOp.forward({ x, runningMean }, { kind, training }).read(),
        dx: await volumeNormOp.backward(dy, {}, { kind, training }).x!().read(),
      });

      assertClose(await volumeMean(x, kind).read(), mean, PRECISION, 'mean');
      const training = await run(true);
      assertClose(training.y, subtracted(kind, shape, xs, mean), PRECISION, 'training, y');
      assertClose(training.dx, subtracted(kind, shape, dys, meanReference(kind, shape, dys)), PRECISION, 'training, dx');
      const evaluation = await run(false);
      assertClose(evaluation.y, subtracted(kind, shape, xs, running), PRECISION, 'evaluation, y');
      assertClose(evaluation.dx, dys, 0, 'evaluation, dx');
      for (const [tensor, before] of [
        [x, xs],
        [dy, dys],
        [runningMean, running],
      ] as const) {
        assertClose(await tensor.read(), before, 0, `${tensor.label} after`);
      }
      removeMean(x, kind);
      assertClose(await x.read(), training.y, 0, 'in place');
    });
  }

  test(`${kind}: the gradient is that of finite differences`, async () => {
    const shape: Shape = [2, 3, 2, 3];
    const [x, dy] = [randomTensor(shape, 'x'), randomTensor(shape, 'dy')];
    const dys = await dy.read();
    const loss = (values: Float64Array) => dot(subtracted(kind, shape, values, meanReference(kind, shape, values)), dys);
    const expected = centralDifferences(loss, await x.read());
    assertClose(await volumeNormOp.backward(dy, {}, { kind, training: true }).x!().read(), expected, PRECISION, 'dx');
  });
}

test('the running mean moves by the momentum', async () => {
  const [running, mean] = [randomTensor([1, 70, 1, 1], 'running'), randomTensor([1, 70, 1, 1], 'mean')];
  const [before, means] = [await running.read(), await mean.read()];
  updateRunningMean(running, mean);
  assertClose(
    await running.read(),
    before.map((v, i) => 0.9 * v + 0.1 * means[i]),
    1e-6,
    'default',
  );
  running.write(before);
  updateRunningMean(running, mean, 1);
  assertClose(await running.read(), means, 0, 'all the way');
});

test('the mean of a large offset keeps its digits', async () => {
  const shape: Shape = [2, 2, 64, 96];
  const x = randomTensor(shape, 'x');
  x.write((await x.read()).map((value) => value + 1000));
  for (const kind of KINDS) {
    const mean = meanReference(kind, shape, await x.read());
    assertClose(await volumeMean(x, kind).read(), mean, { absolute: 0, relative: 1e-6 }, kind);
  }
});

test('a mean of another shape is refused', () => {
  const x = randomTensor([2, 3, 4, 5], 'x');
  for (const [kind, shape] of [
    ['CVN', [1, 3, 1, 1]],
    ['SVN', [1, 1, 4, 5]],
    ['CVN', [1, 1, 5, 4]],
  ] as const) {
    assert.throws(
      () => subtractMean(x, randomTensor(shape, 'mean'), kind),
      (error: Error) => error.name === 'ShapeError' && error.message.includes(`got [${shape.join(', ')}]`),
    );
  }
});

test('nothing but the results stays in memory', () => {
  const x = randomTensor([2, 3, 4, 5], 'x');
  const before = gpu.memory.use().live;
  for (const kind of KINDS) {
    removeMean(x, kind);
    volumeNormOp.backward(x, {}, { kind, training: true }).x!().free();
  }
  assert.is(gpu.memory.use().live, before);
});

test.run();

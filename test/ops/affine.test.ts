import { test } from 'uvu';
import { affineGradient, affineOp, applyAffine } from '../../src/ops/affine';
import { meanShape, type VolumeNorm } from '../../src/ops/volume-norm';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { centralDifferences, dot } from '../support/central-differences';
import { gpu, randomTensor, randomValues } from '../support/gpu';

/** The shape of x, and how many times finer the network's map is. */
type Case = readonly [batch: number, channels: number, height: number, width: number, factor: number];

const CASES: readonly Case[] = [
  [1, 1, 1, 1, 1],
  [2, 3, 5, 7, 1],
  [1, 2, 1, 65, 1],
  [2, 5, 16, 13, 1],
  [1, 1, 1, 1, 2],
  [2, 3, 3, 5, 2],
  [1, 2, 33, 2, 2],
  [2, 1, 2, 3, 4],
];
const KINDS: readonly VolumeNorm[] = ['CVN', 'SVN'];
const PRECISION = { absolute: 1e-6, relative: 1e-6 };

/** Where, in log scale, its mean and network, what belongs to element i of x stands. */
function places([, channels, height, width, factor]: Case, kind: VolumeNorm, i: number) {
  const [row, column] = [Math.floor(i / width) % height, i % width];
  const plane = Math.floor(i / (width * height));
  const [item, channel] = [Math.floor(plane / channels), plane % channels];
  const pixel = row * factor * width * factor + column * factor;
  const pixels = height * width * factor * factor;
  return {
    scale: plane * pixels + pixel,
    mean: kind === 'CVN' ? pixel : channel,
    shift: (item * 2 * channels + channels + channel) * pixels + pixel,
  };
}

type Values = Record<'x' | 'logScale' | 'network' | 'runningMean', ArrayLike<number>>;

/** With the running mean, which is what evaluation takes. */
function reference(c: Case, kind: VolumeNorm, { x, logScale, network, runningMean }: Values): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const { scale, mean, shift } = places(c, kind, i);
    return Math.exp(logScale[scale] - runningMean[mean]) * value + network[shift];
  });
}

function tensorsOf([batch, channels, height, width, factor]: Case, kind: VolumeNorm) {
  const fine = [height * factor, width * factor];
  return {
    x: randomTensor([batch, channels, height, width], 'x'),
    logScale: randomTensor([batch, channels, ...fine], 'logScale'),
    network: randomTensor([batch, 2 * channels, ...fine], 'network'),
    runningMean: randomTensor(meanShape(kind, [batch, channels, ...fine]), 'mean'),
    dy: randomTensor([batch, channels, height, width], 'dy'),
  };
}

for (const [c, kind] of CASES.flatMap((shape) => KINDS.map((norm) => [shape, norm] as const))) {
  test(`affine coupling of [${c.slice(0, 4)}], factor ${c[4]}, ${kind}: forward, inverse and gradients`, async () => {
    const { dy, ...inputs } = tensorsOf(c, kind);
    const { x, logScale, network, runningMean } = inputs;
    const [xs, scales, shifts, means, dys] = await Promise.all(
      [x, logScale, network, runningMean, dy].map((tensor) => tensor.read()),
    );
    const ys = reference(c, kind, { x: xs, logScale: scales, network: shifts, runningMean: means });
    const evaluation = { kind, training: false };
    const normalized = { values: logScale, mean: runningMean, kind };
    const [dx, dLogScale, dNetwork] = [xs, scales, shifts].map(({ length }) => new Float64Array(length));
    const expected = { dx, dLogScale, dNetwork };
    xs.forEach((value, i) => {
      const { scale, mean, shift } = places(c, kind, i);
      expected.dx[i] = dys[i] * Math.exp(scales[scale] - means[mean]);
      expected.dLogScale[scale] = expected.dx[i] * value;
      expected.dNetwork[shift] = dys[i];
    });

    const y = affineOp.forward(inputs, evaluation);
    assertClose(await y.read(), ys, PRECISION, 'y');
    const gradients = affineOp.backward(dy, inputs, evaluation);
    assertClose(await gradients.x!().read(), expected.dx, PRECISION, 'dx');
    assertClose(await gradients.logScale!().read(), expected.dLogScale, PRECISION, 'd logScale');
    assertClose(await gradients.network!().read(), expected.dNetwork, PRECISION, 'd network');
    for (const [tensor, before] of [
      [x, xs],
      [logScale, scales],
      [network, shifts],
      [runningMean, means],
      [dy, dys],
    ] as const) {
      assertClose(await tensor.read(), before, 0, `${tensor.label} after`);
    }

    const back = y.copy();
    applyAffine(back, normalized, network, 'inverse');
    const inverted = Float64Array.from(await y.read(), (value, i) => {
      const { scale, mean, shift } = places(c, kind, i);
      return (value - shifts[shift]) * Math.exp(means[mean] - scales[scale]);
    });
    assertClose(await back.read(), inverted, PRECISION, 'inverse');

    affineGradient(y, dy, normalized, network, true); // all in place, from the result
    assertClose(await y.read(), inverted, PRECISION, 'restored x');
    assertClose(await dy.read(), expected.dx, PRECISION, 'dx in place');
    assertClose(await logScale.read(), expected.dLogScale, { absolute: 1e-5, relative: 1e-5 }, 'd logScale in place');
    const half = shifts.length / 2 / c[0]; // of an image: its raw log scales
    const inFirstHalf = (i: number) => Math.floor(i / half) % 2 === 0;
    assertClose(
      await network.read(),
      shifts.map((v, i) => (inFirstHalf(i) ? v : expected.dNetwork[i])),
      PRECISION,
      'd shift in place',
    );
  });
}

for (const kind of KINDS) {
  test(`${kind}: training takes the values' own mean, and the gradients are those of finite differences`, async () => {
    const c: Case = [2, 2, 2, 3, 2];
    const { dy, ...inputs } = tensorsOf(c, kind);
    const [x, logScale, network, dys] = await Promise.all(
      [inputs.x, inputs.logScale, inputs.network, dy].map((tensor) => tensor.read()),
    );
    const forward = (given: Omit<Values, 'runningMean'>) =>
      reference(c, kind, { ...given, runningMean: ownMean(kind, inputs.logScale.shape, given.logScale) });
    const training = { kind, training: true };
    assertClose(await affineOp.forward(inputs, training).read(), forward({ x, logScale, network }), PRECISION, 'y');
    const gradients = affineOp.backward(dy, inputs, training);
    const values = { x, logScale, network };
    for (const name of ['x', 'logScale', 'network'] as const) {
      const loss = (at: Float64Array) => dot(forward({ ...values, [name]: at }), dys);
      assertClose(await gradients[name]!().read(), centralDifferences(loss, values[name]), 3e-6, `d ${name}`);
    }
  });
}

function ownMean(kind: VolumeNorm, [batch, channels, ...size]: readonly number[], values: ArrayLike<number>): Float64Array {
  const pixels = size[0] * size[1];
  const mean = new Float64Array(kind === 'CVN' ? pixels : channels);
  const count = (batch * channels * pixels) / mean.length;
  for (let i = 0; i < values.length; i++) {
    mean[kind === 'CVN' ? i % pixels : Math.floor(i / pixels) % channels] += values[i] / count;
  }
  return mean;
}

test('log scales at the ends of the soft clamp are undone', async () => {
  const shape = [1, 1, 1, 64];
  const [x, network] = [randomTensor(shape, 'x'), randomTensor([1, 2, 1, 64], 'network')];
  const extremes = randomValues(64).map((v) => 4 * Math.sign(v)); // clamp and mean
  const logScale = {
    values: Tensor.from(gpu, shape, extremes, 'logScale'),
    mean: Tensor.zeros(gpu, [1, 1, 1, 1]),
    kind: 'SVN',
  } as const;
  const xs = await x.read();
  applyAffine(x, logScale, network, 'forward');
  applyAffine(x, logScale, network, 'inverse');
  assertClose(await x.read(), xs, 2e-5, 'x');
});

test.run();

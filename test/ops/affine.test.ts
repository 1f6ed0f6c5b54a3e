import { test } from 'uvu';
import { affine, affineGradient, applyAffine } from '../../src/ops/affine';
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
const PRECISION = { absolute: 1e-6, relative: 1e-6 };

/** Where, in log scale and network, what belongs to element i of x stands. */
function places([, channels, height, width, factor]: Case, i: number): { scale: number; shift: number } {
  const [row, column] = [Math.floor(i / width) % height, i % width];
  const plane = Math.floor(i / (width * height));
  const [item, channel] = [Math.floor(plane / channels), plane % channels];
  const pixel = row * factor * width * factor + column * factor;
  const pixels = height * width * factor * factor;
  return { scale: plane * pixels + pixel, shift: (item * 2 * channels + channels + channel) * pixels + pixel };
}

function truth(c: Case, x: ArrayLike<number>, logScale: ArrayLike<number>, network: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const { scale, shift } = places(c, i);
    return Math.exp(logScale[scale]) * value + network[shift];
  });
}

function tensorsOf([batch, channels, height, width, factor]: Case) {
  const fine = [height * factor, width * factor];
  return {
    x: randomTensor([batch, channels, height, width], 'x'),
    logScale: randomTensor([batch, channels, ...fine], 'logScale'),
    network: randomTensor([batch, 2 * channels, ...fine], 'network'),
    dy: randomTensor([batch, channels, height, width], 'dy'),
  };
}

for (const c of CASES) {
  test(`affine coupling of [${c.slice(0, 4)}], factor ${c[4]}: forward, inverse and gradients`, async () => {
    const { x, logScale, network, dy } = tensorsOf(c);
    const [xs, scales, shifts, dys] = await Promise.all([x, logScale, network, dy].map((tensor) => tensor.read()));
    const ys = truth(c, xs, scales, shifts);
    const [dx, dLogScale, dNetwork] = [xs, scales, shifts].map(({ length }) => new Float64Array(length));
    const expected = { dx, dLogScale, dNetwork };
    xs.forEach((value, i) => {
      const { scale, shift } = places(c, i);
      expected.dx[i] = dys[i] * Math.exp(scales[scale]);
      expected.dLogScale[scale] = dys[i] * Math.exp(scales[scale]) * value;
      expected.dNetwork[shift] = dys[i];
    });

    const y = affine.forward({ x, logScale, network }, undefined);
    assertClose(await y.read(), ys, PRECISION, 'y');
    const gradients = affine.gradient(dy, { x, logScale }, undefined);
    assertClose(await gradients.x!().read(), expected.dx, PRECISION, 'dx');
    assertClose(await gradients.logScale!().read(), expected.dLogScale, PRECISION, 'd logScale');
    assertClose(await gradients.network!().read(), expected.dNetwork, PRECISION, 'd network');
    for (const [tensor, before] of [
      [x, xs],
      [logScale, scales],
      [network, shifts],
      [dy, dys],
    ] as const) {
      assertClose(await tensor.read(), before, 0, `${tensor.label} after`);
    }

    const back = y.copy();
    applyAffine(back, logScale, network, 'inverse');
    const inverted = Float64Array.from(await y.read(), (value, i) => {
      const { scale, shift } = places(c, i);
      return (value - shifts[shift]) * Math.exp(-scales[scale]);
    });
    assertClose(await back.read(), inverted, PRECISION, 'inverse');

    affineGradient(y, dy, logScale, network, true); // all in place, from the result
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

test('the gradients are those of finite differences', async () => {
  const c: Case = [2, 2, 2, 3, 2];
  const { x, logScale, network, dy } = tensorsOf(c);
  const [xs, scales, shifts, dys] = await Promise.all([x, logScale, network, dy].map((tensor) => tensor.read()));
  const gradients = affine.gradient(dy, { x, logScale }, undefined);
  const losses = {
    x: [(values: Float64Array) => dot(truth(c, values, scales, shifts), dys), xs],
    logScale: [(values: Float64Array) => dot(truth(c, xs, values, shifts), dys), scales],
    network: [(values: Float64Array) => dot(truth(c, xs, scales, values), dys), shifts],
  } as const;
  for (const [name, [loss, at]] of Object.entries(losses)) {
    assertClose(
      await gradients[name as keyof typeof losses]!().read(),
      centralDifferences(loss, at),
      3e-6,
      `d ${name}`,
    );
  }
});

test('log scales at the ends of the soft clamp are undone', async () => {
  const shape = [1, 1, 1, 64];
  const [x, network] = [randomTensor(shape, 'x'), randomTensor([1, 2, 1, 64], 'network')];
  const logScale = Tensor.from(
    gpu,
    shape,
    randomValues(64).map((v) => 4 * Math.sign(v)),
    'logScale',
  ); // clamp and mean
  const xs = await x.read();
  applyAffine(x, logScale, network, 'forward');
  applyAffine(x, logScale, network, 'inverse');
  assertClose(await x.read(), xs, 2e-5, 'x');
});

test.run();

import { CLAMP, LEAKY_SLOPE, leakyReluOp, softClampHead, softClampHeadGradient } from '../../src/ops/activation';
import { affineGradient, applyAffine } from '../../src/ops/affine';
import { addBias } from '../../src/ops/bias';
import { blurOp } from '../../src/ops/blur';
import { copyChannels, gatherChannels } from '../../src/ops/channels';
import { combineInto, fill, scaleInto } from '../../src/ops/elementwise';
import { biasRelu, maxPool3 } from '../../src/ops/encoder-layers';
import { nearestOp, resizeGradient } from '../../src/ops/nearest';
import { downOp, upOp } from '../../src/ops/pyramid';
import { squeeze } from '../../src/ops/rearrange';
import { maxPerItem, sum } from '../../src/ops/reduce';
import { sumChannels } from '../../src/ops/sums';
import { subtractMean, volumeMean } from '../../src/ops/volume-norm';
import { pairDifferences, templateDifference } from '../../src/pyramidflow/pair-differences';
import { unscoped } from '../../src/tensor/scope';
import { type Shape, Tensor } from '../../src/tensor/tensor';
import { bytesOf, describeShape, type Entry, type Input, type Inputs, sampled } from './entry';
import { binomialAt, downAt, downGradientAt, maximumAt, upAt, upGradientAt } from './reference';

const [N, C] = [2, 16]; // images in a batch, channels

/** How one kernel is run and what its result is, at one index. */
interface Case {
  readonly run: () => Tensor;
  readonly reference: (at: number) => number;
  readonly tolerance?: number;
}

/** A row of the table: what is run, the tensors that it must read and write, and how. */
type Row = readonly [name: string, traffic: readonly Shape[], make: (given: Inputs) => Case];

/** Every kernel that works on maps, but the convolutions, on a level of `side` x `side`. */
export function mapEntries(side: number): Entry[] {
  const pixels = side * side;
  const map: Shape = [N, C, side, side];
  const wide: Shape = [N, 2 * C, side, side];
  const half: Shape = [N, C, side / 2, side / 2];
  const one: Shape = [N, 1, side, side];
  const mean: Shape = [1, 1, side, side];
  const features: Shape = [N, 64, side, side];
  const channelOf = (at: number, channels: number) => Math.floor(at / pixels) % channels;
  const logScaleOf = (values: Input, means: Input) => ({
    logScale: { values: values.tensor, mean: means.tensor, kind: 'CVN' as const },
    valueAt: (at: number) => values.values[at] - means.values[at % pixels],
  });

  const rows: Row[] = [
    [
      'LeakyReLU',
      [map, map],
      (given) => {
        const x = given.get(map);
        return {
          run: () => leakyReluOp.forward({ x: x.tensor }, { slope: LEAKY_SLOPE }),
          reference: (at) => x.values[at] * (x.values[at] > 0 ? 1 : LEAKY_SLOPE),
        };
      },
    ],
    [
      'soft clamp',
      [map, map],
      (given) => {
        const x = given.get(wide);
        return { run: () => softClampHead(x.tensor, C, CLAMP), reference: (at) => clamp(x.values[headOf(at)]) };
      },
    ],
    [
      'soft clamp, gradient',
      [map, map, map],
      (given) => {
        const [x, dy] = [given.own(wide), given.get(map, 'dy')];
        return {
          run: inPlace(x.tensor, () => softClampHeadGradient(x.tensor, dy.tensor, CLAMP)),
          reference: (at) =>
            channelOf(at, 2 * C) < C ? (0.636 * dy.values[tailOf(at)]) / (1 + (x.values[at] / CLAMP) ** 2) : x.values[at],
        };
      },
    ],
    ...(['forward', 'inverse'] as const).map(
      (direction): Row => [
        `affine, ${direction}`,
        [map, map, map, mean, map],
        (given) => {
          const sign = direction === 'forward' ? -1 : 1; // of the log scale, so that repeated values stay where they are
          const [x, network] = [given.own(map), given.get(wide, 'network')];
          const opposite = direction === 'forward' ? 1 : -1;
          const { logScale, valueAt } = logScaleOf(
            scaled(given, map, 'log scale', sign),
            scaled(given, mean, 'mean', opposite),
          );
          const reference = {
            forward: (at: number) => Math.exp(valueAt(at)) * x.values[at] + network.values[shiftOf(at)],
            inverse: (at: number) => Math.exp(-valueAt(at)) * (x.values[at] - network.values[shiftOf(at)]),
          }[direction];
          return { run: inPlace(x.tensor, () => applyAffine(x.tensor, logScale, network.tensor, direction)), reference };
        },
      ],
    ),
    [
      'affine, gradient',
      [map, map, map, mean, map, map, map],
      (given) => {
        const [x, dx, network] = [given.own(map), given.own(map, 'dy'), given.own(wide, 'network')];
        const { logScale, valueAt } = logScaleOf(given.own(map, 'log scale'), given.get(mean, 'mean'));
        return {
          run: inPlace(dx.tensor, () => affineGradient(x.tensor, dx.tensor, logScale, network.tensor, false)),
          reference: (at) => Math.exp(valueAt(at)) * dx.values[at],
        };
      },
    ],
    [
      'blur',
      [map, map],
      (given) => {
        const x = given.get(map);
        return { run: () => blurOp.forward({ x: x.tensor }, undefined), reference: binomialAt(x.values, side) };
      },
    ],
    [
      'down',
      [map, half],
      (given) => {
        const x = given.get(map);
        return { run: () => downOp.forward({ x: x.tensor }, {}), reference: downAt(x.values, side) };
      },
    ],
    [
      'down, gradient',
      [map, half, map],
      (given) => {
        const [x, dy] = [given.get(map), given.get(half, 'dy')];
        return {
          run: () => downOp.backward(dy.tensor, { x: x.tensor }, {}).x!(),
          reference: downGradientAt(x.values, dy.values, side),
        };
      },
    ],
    [
      'up',
      [half, map],
      (given) => {
        const x = given.get(half);
        return { run: () => upOp.forward({ x: x.tensor }, undefined), reference: upAt(x.values, side) };
      },
    ],
    [
      'up, gradient',
      [map, half],
      (given) => {
        const dy = given.get(map, 'dy');
        return { run: () => upOp.backward(dy.tensor, {}, undefined).x!(), reference: upGradientAt(dy.values, side) };
      },
    ],
    [
      'nearest',
      [half, map],
      (given) => {
        const x = given.get(half);
        return {
          run: () => nearestOp.forward({ x: x.tensor }, { height: side, width: side }),
          reference: (at) => x.values[halfOf(at, side)],
        };
      },
    ],
    [
      'nearest, gradient',
      [map, half, half],
      (given) => {
        const [dy, dx] = [given.get(map, 'dy'), given.own(half)];
        return {
          run: inPlace(dx.tensor, () => resizeGradient(dy.tensor, 0, dx.tensor)),
          reference: (at) => dx.values[at] + quadOf(at, side).reduce((total, place) => total + dy.values[place], 0),
        };
      },
    ],
    [
      'y = a y + b x',
      [map, map, map],
      (given) => {
        const [x, y] = [given.get(map), given.own(map, 'y')];
        return {
          run: inPlace(y.tensor, () => combineInto(y.tensor, 0.5, x.tensor, 2)),
          reference: (at) => 0.5 * y.values[at] + 2 * x.values[at],
        };
      },
    ],
    [
      'y = -y',
      [map, map],
      (given) => {
        const y = given.own(map, 'y');
        return { run: inPlace(y.tensor, () => scaleInto(y.tensor, -1)), reference: (at) => -y.values[at] };
      },
    ],
    [
      'fill',
      [map],
      (given) => {
        const y = given.own(map, 'y');
        return { run: inPlace(y.tensor, () => fill(y.tensor, 1.5)), reference: () => 1.5 };
      },
    ],
    [
      'copy of channels',
      [map, map],
      (given) => {
        const [x, y] = [given.get(map), given.own(wide, 'y')];
        return {
          run: inPlace(y.tensor, () => copyChannels(x.tensor, 0, y.tensor, C, C)),
          reference: (at) => (channelOf(at, 2 * C) < C ? y.values[at] : x.values[tailOf(at) - C * pixels]),
        };
      },
    ],
    [
      'mean over channels',
      [map, mean],
      (given) => {
        const x = given.get(map);
        return {
          run: () => volumeMean(x.tensor, 'CVN'),
          reference: (at) => average(N * C, (plane) => x.values[plane * pixels + at]),
        };
      },
    ],
    [
      'mean over space',
      [map, [C]],
      (given) => {
        const x = given.get(map);
        const pixel = (channel: number) => (i: number) =>
          x.values[(Math.floor(i / pixels) * C + channel) * pixels + (i % pixels)];
        return {
          run: () => volumeMean(x.tensor, 'SVN'),
          reference: (at) => average(N * pixels, pixel(at)),
          tolerance: 1e-4,
        };
      },
    ],
    [
      'minus a mean',
      [map, mean, map],
      (given) => {
        const [x, means] = [given.own(map), given.get(mean, 'mean')];
        return {
          run: inPlace(x.tensor, () => subtractMean(x.tensor, means.tensor, 'CVN')),
          reference: (at) => x.values[at] - means.values[at % pixels],
        };
      },
    ],
    [
      'pair differences',
      [map, [1, 1, side, side]],
      (given) => {
        const x = given.get(map);
        const difference = (at: number) => (channel: number) =>
          (x.values[channel * pixels + at] - x.values[(C + channel) * pixels + at]) ** 2;
        return {
          run: () => pairDifferences.forward({ x: x.tensor }, { power: 2 }),
          reference: (at) => average(C, difference(at)),
        };
      },
    ],
    [
      'pair differences, gradient',
      [map, [1, 1, side, side], map],
      (given) => {
        const [x, dy] = [given.get(map), given.get([1, 1, side, side], 'dy')];
        const other = (at: number) => (at + C * pixels) % x.values.length;
        return {
          run: () => pairDifferences.backward(dy.tensor, { x: x.tensor }, { power: 2 }).x!(),
          reference: (at) => (2 / C) * (x.values[at] - x.values[other(at)]) * dy.values[at % pixels],
        };
      },
    ],
    [
      'template difference',
      [map, [1, C, side, side], one],
      (given) => {
        const [x, t] = [given.get(map), given.get([1, C, side, side], 'template')];
        const place = (at: number, channel: number) => (Math.floor(at / pixels) * C + channel) * pixels + (at % pixels);
        return {
          run: () => templateDifference(x.tensor, t.tensor),
          reference: (at) => average(C, (c) => Math.abs(x.values[place(at, c)] - t.values[c * pixels + (at % pixels)])),
        };
      },
    ],
    [
      'sum',
      [map],
      (given) => {
        const x = given.get(map);
        return {
          run: () => sum(x.tensor),
          reference: () => x.values.reduce((total, value) => total + value, 0),
          tolerance: 1e-4,
        };
      },
    ],
    [
      'maximum of each image',
      [one],
      (given) => {
        const x = given.get(one);
        const largest = (image: number) =>
          x.values.subarray(image * pixels, (image + 1) * pixels).reduce((a, b) => Math.max(a, b));
        return { run: () => maxPerItem(x.tensor), reference: largest };
      },
    ],
    [
      'sum of each channel',
      [map],
      (given) => {
        const x = given.get(map);
        const reference = (channel: number) =>
          x.values.reduce((total, value, at) => total + (channelOf(at, C) === channel ? value : 0), 0);
        return { run: () => sumChannels(x.tensor), reference, tolerance: 1e-4 };
      },
    ],
    [
      'channels in another order',
      [map, map],
      (given) => {
        const x = given.get(map);
        const order = Array.from({ length: C }, (_, channel) => C - 1 - channel);
        const reference = (at: number) => x.values[at + (C - 1 - 2 * channelOf(at, C)) * pixels];
        return { run: () => gatherChannels(x.tensor, order), reference, tolerance: 0 };
      },
    ],
    [
      'squeeze',
      [map, map],
      (given) => {
        const x = given.get(map);
        const reference = (at: number) => {
          const [block, pixel] = [Math.floor((at * 4) / pixels), at % (pixels / 4)];
          const row = 2 * Math.floor((2 * pixel) / side) + ((block >> 1) & 1);
          return x.values[(block >> 2) * pixels + row * side + 2 * (pixel % (side / 2)) + (block & 1)];
        };
        return { run: () => squeeze(x.tensor), reference, tolerance: 0 };
      },
    ],
    [
      'bias',
      [map, map],
      (given) => {
        const [x, bias] = [given.get(map), given.get([C], 'bias')];
        const reference = (at: number) => x.values[at] + bias.values[channelOf(at, C)];
        return { run: () => addBias(x.tensor, bias.tensor), reference };
      },
    ],
    [
      'bias, residual, ReLU',
      [features, features, features],
      (given) => {
        const [x, residual, bias] = [given.own(features), given.get(features, 'dy'), given.get([64], 'bias')];
        return {
          run: inPlace(x.tensor, () => biasRelu(x.tensor, bias.tensor, residual.tensor)),
          reference: (at) => Math.max(0, x.values[at] + bias.values[channelOf(at, 64)] + residual.values[at]),
        };
      },
    ],
    [
      '3x3 maximum',
      [features, [N, 64, side / 2, side / 2]],
      (given) => {
        const x = given.get(features);
        return { run: () => maxPool3(x.tensor), reference: maximumAt(x.values, side) };
      },
    ],
  ];

  /** Index of a (N, 2C, ...) map for one of its first half, of its second half, and of a half map for one of the whole. */
  const headOf = (at: number) => Math.floor(at / (C * pixels)) * 2 * C * pixels + (at % (C * pixels));
  const shiftOf = (at: number) => headOf(at) + C * pixels;
  const tailOf = (at: number) => Math.floor(at / (2 * C * pixels)) * C * pixels + (at % (2 * C * pixels));

  return rows
    .filter(([name]) => !ENCODER_ONLY.includes(name) || side <= 128)
    .map(([name, traffic, make]) => ({
      group: 'kernel',
      name,
      shape: describeShape(traffic[0]),
      work: { bytes: bytesOf(...traffic) },
      prepare(given) {
        const { run, reference, tolerance } = make(given);
        return { run, check: sampled(reference, tolerance) };
      },
    }));
}

const ENCODER_ONLY = ['bias, residual, ReLU', '3x3 maximum']; // whose maps have half the side of the image or less

const clamp = (x: number): number => CLAMP * 0.636 * Math.atan(x / CLAMP);

function average(count: number, value: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += value(i);
  return total / count;
}

const inPlace = (tensor: Tensor, work: () => void) => (): Tensor => {
  work();
  return tensor;
};

/** A log scale of one sign, up to 1/8. */
function scaled(given: Inputs, shape: Shape, role: string, sign: 1 | -1): Input {
  const values = given.get(shape, role).values.map((value) => (sign * Math.abs(value)) / 8);
  return { tensor: unscoped(() => Tensor.from(given.gpu, shape, values, role)), values };
}

/** Index in planes of half the side of what stands at an index of planes of `side`. */
function halfOf(at: number, side: number): number {
  const [column, row, plane] = [at % side, Math.floor(at / side) % side, Math.floor(at / side ** 2)];
  return (plane * (side / 2) + (row >> 1)) * (side / 2) + (column >> 1);
}

/** The four indices in planes of `side` that stand at an index of planes of half the side. */
function quadOf(at: number, side: number): number[] {
  const half = side / 2;
  const [column, row, plane] = [at % half, Math.floor(at / half) % half, Math.floor(at / half ** 2)];
  const first = (plane * side + 2 * row) * side + 2 * column;
  return [first, first + 1, first + side, first + side + 1];
}

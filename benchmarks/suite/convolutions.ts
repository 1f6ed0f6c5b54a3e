import { convolve, convolveGradInput, convolveGradWeight } from '../../src/ops/conv/convolve';
import { PRODUCTS_CHOICE, TILE_CHOICE } from '../../src/ops/conv/variants';
import type { Shape } from '../../src/tensor/tensor';
import { bytesOf, describeShape, type Entry, type Inputs, sampled } from './entry';

/** A convolution of the model, zero padding k / 2. `side` is that of the result at stride 1. */
export interface Convolution {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly side: number;
  readonly k: number;
  readonly stride?: 1 | 2;
  /** 2: x is half as high and wide, and stands for itself enlarged (nearest) */
  readonly enlarge?: 1 | 2;
}

export type ConvolutionPart = 'forward' | 'gradient to input' | 'gradient to weight';
const PARTS: readonly ConvolutionPart[] = ['forward', 'gradient to input', 'gradient to weight'];

export function convolutionShapes({ batch, inputs, outputs, side, k, stride = 1, enlarge = 1 }: Convolution) {
  const x: Shape = [batch, inputs, side / enlarge, side / enlarge];
  const y: Shape = [batch, outputs, side / stride, side / stride];
  return { x, w: [outputs, inputs, k, k] as Shape, y };
}

/** Operations of the direct method, 2 for a multiply-add; the gradients take as many. */
export const convolutionFlop = ({ batch, inputs, outputs, side, k, stride = 1 }: Convolution): number =>
  2 * batch * (side / stride) ** 2 * inputs * outputs * k * k;

/** The convolutions of a coupling network on a map of `side`, and of its 1x1 mixing; gradients where the model needs them. */
export function convolutionEntries(side: number): Entry[] {
  const model = { batch: 2, side, k: 7 };
  return [
    ...entriesOf({ ...model, inputs: 16, outputs: 32 }),
    ...entriesOf({ ...model, inputs: 32, outputs: 32 }),
    ...VARIANTS.flatMap((variant) =>
      entriesOf({ ...model, inputs: 32, outputs: 32 }).map((entry) => withChoice(entry, variant)),
    ),
    ...(side >= 32 ? entriesOf({ ...model, inputs: 16, outputs: 32, enlarge: 2 }) : []),
    ...entriesOf({ ...model, inputs: 16, outputs: 16, k: 1 }),
  ];
}

/** With an image encoder: its own layers, and the coupling networks on its 64 features, for images of `size`. */
export function encoderEntries(size: number): Entry[] {
  const side = size / 4;
  return [
    ...entriesOf({ batch: 2, inputs: 64, outputs: 128, side, k: 7 }),
    ...entriesOf({ batch: 2, inputs: 128, outputs: 128, side, k: 7 }),
    ...entriesOf({ batch: 2, inputs: 64, outputs: 64, side, k: 3 }, ['forward']),
    ...entriesOf({ batch: 2, inputs: 3, outputs: 64, side: size, k: 7, stride: 2 }, ['forward', 'gradient to input']),
  ];
}

interface Variant {
  readonly name: string;
  readonly choice: string;
  readonly option: string;
}

/** What can be compared with what is run by default; the same twice where these are it. */
const VARIANTS: readonly Variant[] = [
  { name: 'plain products', choice: PRODUCTS_CHOICE, option: 'plain' },
  { name: 'tiles of 16', choice: TILE_CHOICE, option: '16' },
];

/** The same by another choice than the one in force. */
function withChoice(entry: Entry, { name, choice, option }: Variant): Entry {
  return {
    ...entry,
    name: `${entry.name}, ${name}`,
    async prepare(inputs) {
      const { gpu } = inputs;
      const prepared = await entry.prepare(inputs);
      return {
        ...prepared,
        run() {
          const before = gpu.choices.get(choice);
          gpu.choices.set(choice, option);
          const result = prepared.run();
          if (before === undefined) gpu.choices.delete(choice);
          else gpu.choices.set(choice, before);
          return result;
        },
      };
    },
  };
}

function entriesOf(sizes: Convolution, parts = PARTS): Entry[] {
  const { inputs, outputs, k, stride = 1, enlarge = 1 } = sizes;
  const { x, w, y } = convolutionShapes(sizes);
  const variant = `${stride > 1 ? `, stride ${stride}` : ''}${enlarge > 1 ? ', of the enlarged' : ''}`;
  return parts.map((part) => ({
    group: 'convolution',
    name: `convolution ${k}x${k} ${inputs}->${outputs}${variant}, ${part}`,
    shape: describeShape(y),
    work: { flop: convolutionFlop(sizes), bytes: bytesOf(x, w, y) },
    prepare: (given) => prepare(sizes, part, given),
  }));
}

function prepare(sizes: Convolution, part: ConvolutionPart, given: Inputs) {
  const shapes = convolutionShapes(sizes);
  const { k, stride, enlarge } = sizes;
  const options = { stride, enlarge };
  const [x, w, dy] = [given.get(shapes.x, 'x'), given.get(shapes.w, 'w'), given.get(shapes.y, 'dy')];
  const [, , height, width] = shapes.x;
  return {
    forward: {
      run: () => convolve(x.tensor, w.tensor, options),
      check: sampled(forwardAt(x.values, w.values, sizes)),
    },
    'gradient to input': {
      run: () => convolveGradInput(dy.tensor, w.tensor, height, width, options),
      check: sampled(gradInputAt(dy.values, w.values, sizes)),
    },
    'gradient to weight': {
      run: () => convolveGradWeight(dy.tensor, x.tensor, k, options),
      check: sampled(gradWeightAt(dy.values, x.values, sizes), 1e-5, 24),
    },
  }[part];
}

type At = (at: number) => number;
type Values = ArrayLike<number>;

/** x as it is convolved, at (plane, row, column); 0 outside. */
function paddedPlane(x: Values, side: number, enlarge: number) {
  const stored = side / enlarge;
  return (plane: number, i: number, j: number): number =>
    i < 0 || j < 0 || i >= side || j >= side
      ? 0
      : x[(plane * stored + Math.floor(i / enlarge)) * stored + Math.floor(j / enlarge)];
}

/** The result at an index, by the definition. */
export function forwardAt(x: Values, w: Values, { inputs, outputs, side, k, stride = 1, enlarge = 1 }: Convolution): At {
  const [read, out] = [paddedPlane(x, side, enlarge), side / stride];
  return (at) => {
    const [column, row, plane] = [at % out, Math.floor(at / out) % out, Math.floor(at / out ** 2)];
    const [image, output] = [Math.floor(plane / outputs), plane % outputs];
    let sum = 0;
    for (let tap = 0; tap < inputs * k * k; tap++) {
      const [input, i, j] = [Math.floor(tap / (k * k)), Math.floor(tap / k) % k, tap % k];
      sum +=
        w[output * inputs * k * k + tap] *
        read(image * inputs + input, row * stride + i - (k >> 1), column * stride + j - (k >> 1));
    }
    return sum;
  };
}

/** d(loss)/dx at an index: of every dy that this x took part in. */
export function gradInputAt(dy: Values, w: Values, { inputs, outputs, side, k, stride = 1, enlarge = 1 }: Convolution): At {
  const [plane, stored] = [paddedPlane(dy, side / stride, 1), side / enlarge];
  const read = (p: number, i: number, j: number) => (i % stride || j % stride ? 0 : plane(p, i / stride, j / stride));
  return (at) => {
    const [column, row, place] = [at % stored, Math.floor(at / stored) % stored, Math.floor(at / stored ** 2)];
    const [image, input] = [Math.floor(place / inputs), place % inputs];
    let sum = 0;
    for (let copy = 0; copy < enlarge ** 2; copy++) {
      const [r, c] = [row * enlarge + Math.floor(copy / enlarge), column * enlarge + (copy % enlarge)];
      for (let tap = 0; tap < outputs * k * k; tap++) {
        const [output, i, j] = [Math.floor(tap / (k * k)), Math.floor(tap / k) % k, tap % k];
        sum +=
          w[((output * inputs + input) * k + i) * k + j] *
          read(image * outputs + output, r - i + (k >> 1), c - j + (k >> 1));
      }
    }
    return sum;
  };
}

/** d(loss)/dw at an index, for stride 1. */
export function gradWeightAt(dy: Values, x: Values, { batch, inputs, outputs, side, k, enlarge = 1 }: Convolution): At {
  const read = paddedPlane(x, side, enlarge);
  return (at) => {
    const [j, i] = [(at % k) - (k >> 1), (Math.floor(at / k) % k) - (k >> 1)];
    const [input, output] = [Math.floor(at / (k * k)) % inputs, Math.floor(at / (k * k * inputs))];
    let sum = 0;
    for (let image = 0; image < batch; image++) {
      for (let pixel = 0; pixel < side * side; pixel++) {
        const [row, column] = [Math.floor(pixel / side), pixel % side];
        sum += dy[(image * outputs + output) * side * side + pixel] * read(image * inputs + input, row + i, column + j);
      }
    }
    return sum;
  };
}

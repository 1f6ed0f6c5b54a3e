import type { Applied, Recorder } from '../../src/ops/op';
import { elements, type Shape, type Tensor } from '../../src/tensor/tensor';
import { at, type Nd, nd, summedTo } from './rows';

// Operations as they are recorded, computed again in float64.

type Inputs = Readonly<Record<string, Nd>>;
// biome-ignore lint/suspicious/noExplicitAny: each operation has attributes of its own
type Reference = (inputs: Inputs, attrs: any) => Nd;

const mapped = (x: Nd, f: (value: number) => number): Nd => ({
  shape: x.shape,
  values: Float64Array.from(x.values, f),
});
const zipped = (a: Nd, b: Nd, f: (a: number, b: number) => number): Nd => nd(a.shape, (i) => f(at(a, i), at(b, i)));

/** An operation of two tensors, and that of a tensor and a number. */
const binary = (name: string, f: (a: number, b: number) => number): Record<string, Reference> => ({
  [name]: ({ a, b }) => zipped(a!, b!, f),
  [`${name} number`]: ({ x }, { k }) => mapped(x!, (value) => f(value, k)),
});
const unary =
  (f: (value: number) => number): Reference =>
  ({ x }) =>
    mapped(x!, f);

const keepsAxis = (norm: 'CVN' | 'SVN', [, c = 1, h = 1, w = 1]: Shape): Shape =>
  norm === 'CVN' ? [1, 1, h, w] : [1, c, 1, 1];

function normalized(x: Nd, runningMean: Nd, { kind, training }: { kind: 'CVN' | 'SVN'; training: boolean }): Nd {
  const shape = keepsAxis(kind, x.shape);
  const count = elements(x.shape) / elements(shape);
  const mean = training ? mapped(summedTo(x, shape), (sum) => sum / count) : runningMean;
  return zipped(x, mean, (value, m) => value - m);
}

const resized = (x: Nd, height: number, width: number): Nd => {
  const [n = 1, c = 1, h = 1, w = 1] = x.shape;
  return nd([n, c, height, width], ([i = 0, j = 0, row = 0, column = 0]) =>
    at(x, [i, j, Math.floor((row * h) / height), Math.floor((column * w) / width)]),
  );
};

const joined = (parts: readonly Nd[], axis: number): Nd => {
  const sizes = parts.map(({ shape }) => shape[axis]!);
  const shape = parts[0]!.shape.map((size, i) => (i === axis ? sizes.reduce((a, b) => a + b) : size));
  return nd(shape, (index) => {
    let from = index[axis]!;
    let part = 0;
    while (from >= sizes[part]!) from -= sizes[part++]!;
    return at(parts[part]!, index.with(axis, from));
  });
};

function convolved(x: Nd, w: Nd, stride: number): Nd {
  const [n = 1, inputs = 1, height = 1, width = 1] = x.shape;
  const [outputs = 1, , k = 1] = w.shape;
  const pad = Math.floor(k / 2);
  return nd([n, outputs, Math.ceil(height / stride), Math.ceil(width / stride)], ([i = 0, o = 0, y = 0, column = 0]) => {
    let sum = 0;
    for (let c = 0; c < inputs; c++) {
      for (let dy = 0; dy < k; dy++) {
        for (let dx = 0; dx < k; dx++) {
          const [row, col] = [y * stride + dy - pad, column * stride + dx - pad];
          if (row >= 0 && row < height && col >= 0 && col < width) sum += at(x, [i, c, row, col]) * at(w, [o, c, dy, dx]);
        }
      }
    }
    return sum;
  });
}

const multiplied = (a: Nd, b: Nd): Nd =>
  nd([a.shape[0]!, b.shape[1]!], ([i = 0, j = 0]) => {
    let sum = 0;
    for (let k = 0; k < a.shape[1]!; k++) sum += at(a, [i, k]) * at(b, [k, j]);
    return sum;
  });
const transposed = (a: Nd): Nd => nd(a.shape.toReversed(), ([i = 0, j = 0]) => at(a, [j, i]));

const REFERENCES: Readonly<Record<string, Reference>> = {
  ...binary('add', (a, b) => a + b),
  ...binary('sub', (a, b) => a - b),
  ...binary('mul', (a, b) => a * b),
  ...binary('div', (a, b) => a / b),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  tanh: unary(Math.tanh),
  sqrt: unary(Math.sqrt),
  square: unary((x) => x * x),
  bounded: ({ a }, { bound }) => mapped(a!, (value) => bound * Math.tanh(value / bound)),
  scaled: ({ x, s, t }) =>
    zipped(
      zipped(x!, s!, (a, b) => a * Math.exp(b)),
      t!,
      (a, b) => a + b,
    ),
  leakyRelu: ({ x }, { slope }) => mapped(x!, (value) => (value > 0 ? value : slope * value)),
  broadcast: ({ x }, { to }) => nd(to, (i) => at(x!, i)),
  sumTo: ({ x }, { to }) => summedTo(x!, to),
  sum: ({ x }) => ({ shape: [1], values: [Array.from(x!.values).reduce((a, b) => a + b, 0)] }),
  mean: ({ x }) => ({ shape: [1], values: [Array.from(x!.values).reduce((a, b) => a + b, 0) / x!.values.length] }),
  reshape: ({ x }, { shape }) => ({ shape, values: x!.values }),
  permute: ({ x }, { axes }: { axes: number[] }) =>
    nd(
      axes.map((axis) => x!.shape[axis]!),
      (index) =>
        at(
          x!,
          x!.shape.map((_, axis) => index[axes.indexOf(axis)]!),
        ),
    ),
  concat: (inputs, { axis }) => joined(Object.values(inputs), axis),
  channels: ({ x }, { from, to }) =>
    nd(
      x!.shape.map((size, i) => (i === 1 ? to - from : size)),
      (i) => at(x!, i.with(1, i[1]! + from)),
    ),
  gatherChannels: ({ x }, { order }) => nd(x!.shape, (i) => at(x!, i.with(1, order[i[1]!]))),
  matmul: ({ a, b }, { transposeA, transposeB }) =>
    multiplied(transposeA ? transposed(a!) : a!, transposeB ? transposed(b!) : b!),
  addBias: ({ x, bias }) => nd(x!.shape, (i) => at(x!, i) + at(bias!, [i[1]!])),
  conv2d: ({ x, w }, { stride = 1 }) => convolved(x!, w!, stride),
  nearest: ({ x }, { height, width }) => resized(x!, height, width),
  condition: (levels, { height, width }) =>
    joined(
      Object.values(levels).map((level) => resized(level, height, width)),
      1,
    ),
  softClamp: ({ x }, { channels, alpha }) =>
    nd(
      x!.shape.map((size, i) => (i === 1 ? channels : size)),
      (i) => 0.636 * alpha * Math.atan(at(x!, i) / alpha),
    ),
  volumeNorm: ({ x, runningMean }, norm) => normalized(x!, runningMean!, norm),
  affine({ x, logScale, network, runningMean }, norm) {
    const s = normalized(logScale!, runningMean!, norm);
    const factor = s.shape[2]! / x!.shape[2]!;
    return nd(x!.shape, ([n = 0, c = 0, i = 0, j = 0]) => {
      const [row, column] = [factor * i, factor * j];
      return Math.exp(at(s, [n, c, row, column])) * at(x!, [n, c, i, j]) + at(network!, [n, c + x!.shape[1]!, row, column]);
    });
  },
  luWeight({ lower, logS, upper, perm, sign }) {
    const { values } = logS!;
    const mean = Array.from(values).reduce((a, b) => a + b) / values.length;
    const size = values.length;
    const l = nd([size, size], ([i = 0, j = 0]) => (i === j ? 1 : j < i ? at(lower!, [i, j]) : 0));
    const u = nd([size, size], ([i = 0, j = 0]) =>
      i === j ? at(sign!, [i]) * Math.exp(values[i]! - mean) : j > i ? at(upper!, [i, j]) : 0,
    );
    return { shape: [size, size, 1, 1], values: multiplied(multiplied(perm!, l), u).values };
  },
};

/** Records operations, and computes them again in float64 for other values of their inputs. */
export class Float64Graph implements Recorder {
  private readonly applied: Applied[] = [];

  record(applied: Applied): void {
    this.applied.push(applied);
  }

  /** The values of all tensors that follow from the values of these. */
  evaluate(leaves: ReadonlyMap<Tensor, Nd>): (tensor: Tensor) => Nd {
    const known = new Map(leaves);
    const find = (tensor: Tensor) => {
      const value = known.get(tensor);
      if (!value) throw new Error(`the value of ${tensor.label} [${tensor.shape.join(', ')}] is not known`);
      return value;
    };
    for (const { op, inputs, attrs, y } of this.applied) {
      const reference = REFERENCES[op.name];
      if (!reference) throw new Error(`there is no float64 reference of ${op.name}`);
      const values = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, find(tensor)]));
      known.set(y, reference(values, attrs ?? {}));
    }
    return find;
  }
}

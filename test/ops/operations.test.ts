import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Tape } from '../../src/autograd/tape';
import { leakyRelu, softClamp } from '../../src/ops/activation';
import { affine } from '../../src/ops/affine';
import { addBias } from '../../src/ops/bias';
import { blur } from '../../src/ops/blur';
import { broadcast, sumTo } from '../../src/ops/broadcast';
import { channels, concat, gatherChannels } from '../../src/ops/channels';
import { conv2d } from '../../src/ops/conv/convolve';
import { fft2, ifft2 } from '../../src/ops/fft';
import { linear } from '../../src/ops/linear';
import * as math from '../../src/ops/math';
import { matmul } from '../../src/ops/matmul';
import { nearest } from '../../src/ops/nearest';
import { pointwise } from '../../src/ops/pointwise';
import { compose, down, pyramid, up } from '../../src/ops/pyramid';
import { permute, reshape, squeeze, unsqueeze } from '../../src/ops/rearrange';
import { maxPerItem, mean, sum } from '../../src/ops/reduce';
import { meanChannels, meanItems, sumChannels, sumItems } from '../../src/ops/sums';
import { volumeMean, volumeNorm } from '../../src/ops/volume-norm';
import { convolution } from '../../src/selftest/reference';
import { scope } from '../../src/tensor/scope';
import { elements, type Shape, Tensor } from '../../src/tensor/tensor';
import { assertClose, type Tolerance } from '../support/assert-close';
import { centralDifferences, dot } from '../support/central-differences';
import { dft2, toComplex } from '../support/dft';
import { gpu, randomValues } from '../support/gpu';
import * as reference from '../support/pyramid-reference';
import { at, type Nd, nd, summedTo } from '../support/rows';

// Every operation against float64, and its gradients against central differences: a row an operation.

interface Row {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly run: (...inputs: Tensor[]) => Tensor;
  /** the same in float64 */
  readonly reference: (...inputs: Nd[]) => Nd;
  /** of the result, and of the gradients; default 1e-6 + 1e-6 of the value */
  readonly tolerance?: Tolerance;
  /** makes standard normal values suit the operation */
  readonly domain?: (value: number) => number;
}

const SHAPE = [2, 3, 5];
const scaled = pointwise('scaled', 'k * x', { x: 'k * dy' }, ['k']);

/** An elementwise function of one tensor. */
const unary = (name: string, run: Row['run'], f: (x: number) => number, rest: Partial<Row> = {}): Row => ({
  ...{ name, inputs: [[70, 3]], run, ...rest },
  reference: (x) => nd(x.shape, (i) => f(at(x, i))),
});

/** An elementwise function of two tensors, of one shape and broadcast. */
const binary = (name: string, run: Row['run'], f: (a: number, b: number) => number, rest: Partial<Row> = {}): Row[] =>
  [
    [SHAPE, SHAPE, SHAPE],
    [[3, 1], [2, 1, 5], SHAPE],
    [[1], [2, 1, 3, 1, 2, 2], [2, 1, 3, 1, 2, 2]],
  ].map(([a, b, y]) => ({
    ...{ name, inputs: [a, b], run, ...rest },
    reference: (p, q) => nd(y, (i) => f(at(p, i), at(q, i))),
  }));

const positive = (value: number) => 0.2 + Math.abs(value);
const log1p = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const product = (a: Nd, b: Nd): Nd =>
  nd([a.shape[0], b.shape[1]], ([i, j]) => {
    let total = 0;
    for (let k = 0; k < a.shape[1]; k++) total += a.values[i * a.shape[1] + k] * b.values[k * b.shape[1] + j];
    return total;
  });
const transposed = (a: Nd): Nd => nd(a.shape.toReversed(), ([i, j]) => at(a, [j, i]));
const keeping = (x: Nd, axis: number, factor = 1): Nd => {
  const total = summedTo(
    x,
    x.shape.map((size, i) => (i === axis ? size : 1)),
  );
  return nd([x.shape[axis]], ([i]) => factor * total.values[i]);
};
const all = (x: Nd, factor: number): Nd => nd([1], () => factor * Array.from(x.values).reduce((a, b) => a + b));
const convolved = (x: Nd, w: Nd, stride: number): Nd => {
  const [batch, inputs, height, width] = x.shape;
  const [outputs, , kernel] = w.shape;
  const shape = [batch, outputs, Math.ceil(height / stride), Math.ceil(width / stride)];
  return { shape, values: convolution(x.values, w.values, { batch, inputs, outputs, height, width, kernel, stride }) };
};
const convRow = (x: Shape, w: Shape, stride: number): Row => ({
  ...{ name: `conv2d, stride ${stride}`, inputs: [x, w], tolerance: products },
  run: (a, b) => conv2d(a, b, { stride }),
  reference: (a, b) => convolved(a, b, stride),
});

const planesOf = ({ shape, values }: Nd) => {
  const [height, width] = shape.slice(-2);
  return { data: Float64Array.from(values), height, width };
};
/** An operation on every plane by itself. */
const image = (name: string, shape: Shape, run: Row['run'], of: (x: reference.Planes) => reference.Planes): Row => ({
  ...{ name, inputs: [shape], run, tolerance: sums },
  reference(x) {
    const { data, height, width } = of(planesOf(x));
    return { shape: [...shape.slice(0, 2), height, width], values: data };
  },
});
/** The bands of a pyramid of two levels, flat, one after the other. */
function bandsOf(x: Tensor): Tensor {
  return scope(() => concat(pyramid(x, 2).map((band) => reshape(band, [band.shape[0], band.size / band.shape[0]]))));
}
const fourierOf = ({ shape, values }: Nd, sign: 1 | -1, factor = 1): Nd => {
  const [height, width] = shape.slice(-3);
  return { shape, values: dft2(Float64Array.from(values), height, width, sign).map((value) => factor * value) };
};

const sums = { absolute: 2e-5, relative: 1e-6 };
const products = { absolute: 5e-5, relative: 1e-6 };

const ROWS: readonly Row[] = [
  ...binary('add', math.add, (a, b) => a + b),
  ...binary('sub', math.sub, (a, b) => a - b),
  ...binary('mul', math.mul, (a, b) => a * b),
  ...binary('div', math.div, (a, b) => a / b, { domain: positive, tolerance: { absolute: 2e-6, relative: 2e-6 } }),
  ...binary('minimum', math.minimum, Math.min),
  ...binary('maximum', math.maximum, Math.max),
  unary(
    'add 2',
    (x) => math.add(x, 2),
    (x) => x + 2,
  ),
  unary(
    'sub 2',
    (x) => math.sub(x, 2),
    (x) => x - 2,
  ),
  unary(
    'mul 0.5',
    (x) => math.mul(x, 0.5),
    (x) => x / 2,
  ),
  unary(
    'div 3',
    (x) => math.div(x, 3),
    (x) => x / 3,
  ),
  unary('neg', math.neg, (x) => -x),
  unary('exp', math.exp, Math.exp, { domain: (x) => 3 * x, tolerance: { absolute: 1e-6, relative: 1e-5 } }),
  unary('log', math.log, Math.log, { domain: positive }),
  unary('sqrt', math.sqrt, Math.sqrt, { domain: positive }),
  unary('square', math.square, (x) => x * x),
  unary('abs', math.abs, Math.abs),
  unary('sin', math.sin, Math.sin, { domain: (x) => 3 * x }),
  unary('cos', math.cos, Math.cos, { domain: (x) => 3 * x }),
  unary('relu', math.relu, (x) => Math.max(0, x)),
  unary('tanh', math.tanh, Math.tanh),
  unary('tanh', math.tanh, Math.tanh, { domain: (x) => 1e-3 * x, tolerance: { absolute: 1e-10, relative: 1e-6 } }),
  unary('tanh', math.tanh, Math.tanh, { domain: (x) => 100 * x }),
  unary('sigmoid', math.sigmoid, sigmoid, { domain: (x) => 2 * x }),
  unary('sigmoid', math.sigmoid, sigmoid, { domain: (x) => 100 * x }),
  unary('softplus', math.softplus, log1p, { domain: (x) => 2 * x }),
  unary('softplus', math.softplus, log1p, { domain: (x) => 60 * x }),
  unary('softplus', math.softplus, log1p, {
    domain: (x) => -10 - 3 * Math.abs(x),
    tolerance: { absolute: 1e-13, relative: 1e-5 },
  }),
  unary(
    'scaled',
    (x) => scaled(x, { k: -1.5 }),
    (x) => -1.5 * x,
  ),
  ...[
    [[3, 1], SHAPE],
    [[1], [4, 7]],
    [
      [2, 1, 3, 1, 2, 1],
      [2, 2, 3, 5, 2, 3],
    ],
    [[5], [5]],
  ].map(([from, to]) => ({
    ...{ name: 'broadcast', inputs: [from], run: (x: Tensor) => broadcast(x, to), tolerance: sums },
    reference: (x: Nd) => nd(to, (i) => at(x, i)),
  })),
  ...[
    [
      [2, 3, 5],
      [3, 1],
    ],
    [[257, 3], [3]],
    [
      [2, 300],
      [2, 1],
    ],
    [
      [2, 2, 3, 5, 2, 3],
      [2, 1, 3, 1, 2, 1],
    ],
    [
      [2, 2, 3, 5, 2, 3],
      [1, 2, 1, 5, 1, 3],
    ],
    [[9], [1]],
    [
      [2, 3],
      [2, 3],
    ],
  ].map(([from, to]) => ({
    ...{ name: 'sumTo', inputs: [from], run: (x: Tensor) => sumTo(x, to), tolerance: sums },
    reference: (x: Nd) => summedTo(x, to),
  })),
  { name: 'sum', inputs: [[3, 67]], run: sum, reference: (x) => all(x, 1), tolerance: sums },
  { name: 'mean', inputs: [[3, 67]], run: mean, reference: (x) => all(x, 1 / 201) },
  { name: 'sumItems', inputs: [[3, 5, 2, 7]], run: sumItems, reference: (x) => keeping(x, 0), tolerance: sums },
  { name: 'sumItems', inputs: [[130]], run: sumItems, reference: (x) => x },
  { name: 'meanItems', inputs: [[3, 70]], run: meanItems, reference: (x) => keeping(x, 0, 1 / 70) },
  { name: 'sumChannels', inputs: [[3, 5, 2, 7]], run: sumChannels, reference: (x) => keeping(x, 1), tolerance: sums },
  { name: 'sumChannels', inputs: [[70, 2]], run: sumChannels, reference: (x) => keeping(x, 1), tolerance: sums },
  { name: 'meanChannels', inputs: [[3, 5, 9]], run: meanChannels, reference: (x) => keeping(x, 1, 1 / 27) },
  {
    ...{
      name: 'concat',
      inputs: [
        [2, 1, 3],
        [2, 4, 3],
        [2, 2, 3],
      ],
      run: (...x: Tensor[]) => concat(x),
    },
    reference: (a, b, c) =>
      nd([2, 7, 3], ([n, i, p]) => (i < 1 ? at(a, [n, i, p]) : i < 5 ? at(b, [n, i - 1, p]) : at(c, [n, i - 5, p]))),
  },
  {
    ...{
      name: 'concat, axis 0',
      inputs: [
        [2, 3],
        [1, 3],
      ],
      run: (...x: Tensor[]) => concat(x, 0),
    },
    reference: (a, b) => nd([3, 3], ([n, c]) => (n < 2 ? at(a, [n, c]) : at(b, [0, c]))),
  },
  {
    ...{ name: 'channels', inputs: [[3, 5, 2, 3]], run: (x: Tensor) => channels(x, 1, 4) },
    reference: (x) => nd([3, 3, 2, 3], ([n, c, i, j]) => at(x, [n, c + 1, i, j])),
  },
  {
    ...{ name: 'channels', inputs: [[70, 3]], run: (x: Tensor) => channels(x, 2, 3) },
    reference: (x) => nd([70, 1], ([n]) => at(x, [n, 2])),
  },
  {
    ...{ name: 'gatherChannels', inputs: [[2, 4, 3]], run: (x: Tensor) => gatherChannels(x, [2, 0, 3, 1]) },
    reference: (x) => nd([2, 4, 3], ([n, c, p]) => at(x, [n, [2, 0, 3, 1][c], p])),
  },
  {
    name: 'reshape',
    inputs: [[2, 6]],
    run: (x) => reshape(x, [3, 1, 4]),
    reference: ({ values }) => ({ shape: [3, 1, 4], values }),
  },
  {
    ...{ name: 'permute', inputs: [[2, 3, 4, 5]], run: (x: Tensor) => permute(x, [2, 0, 3, 1]) },
    reference: (x) => nd([4, 2, 5, 3], ([a, b, c, d]) => at(x, [b, d, a, c])),
  },
  {
    ...{ name: 'permute', inputs: [[2, 1, 3, 2, 2, 3]], run: (x: Tensor) => permute(x, [5, 3, 1, 0, 2, 4]) },
    reference: (x) => nd([3, 2, 1, 2, 3, 2], ([a, b, c, d, e, f]) => at(x, [d, c, e, b, f, a])),
  },
  {
    ...{ name: 'squeeze', inputs: [[2, 3, 4, 6]], run: (x: Tensor) => squeeze(x) },
    reference: (x) => nd([2, 12, 2, 3], ([n, c, i, j]) => at(x, [n, c >> 2, 2 * i + ((c >> 1) & 1), 2 * j + (c & 1)])),
  },
  {
    ...{ name: 'unsqueeze', inputs: [[2, 9, 1, 2]], run: (x: Tensor) => unsqueeze(x, 3) },
    reference: (x) =>
      nd([2, 1, 3, 6], ([n, , i, j]) => at(x, [n, (i % 3) * 3 + (j % 3), Math.floor(i / 3), Math.floor(j / 3)])),
  },
  {
    name: 'addBias',
    inputs: [[2, 3, 7], [3]],
    run: addBias,
    reference: (x, b) => nd([2, 3, 7], (i) => at(x, i) + at(b, [i[1]])),
    tolerance: sums,
  },
  ...[
    [
      [1, 1],
      [1, 1],
    ],
    [
      [3, 5],
      [5, 2],
    ],
    [
      [33, 17],
      [17, 35],
    ],
    [
      [2, 16],
      [16, 70],
    ],
    [
      [1, 2100],
      [2100, 2],
    ],
  ].map(([a, b]) => ({
    name: 'matmul',
    inputs: [a, b],
    run: (p: Tensor, q: Tensor) => matmul(p, q),
    reference: product,
    tolerance: products,
  })),
  {
    ...{
      name: 'matmul, a transposed',
      inputs: [
        [17, 34],
        [17, 5],
      ],
      run: (a: Tensor, b: Tensor) => matmul(a, b, { transposeA: true }),
    },
    ...{ reference: (a, b) => product(transposed(a), b), tolerance: products },
  },
  {
    ...{
      name: 'matmul, b transposed',
      inputs: [
        [34, 17],
        [5, 17],
      ],
      run: (a: Tensor, b: Tensor) => matmul(a, b, { transposeB: true }),
    },
    ...{ reference: (a, b) => product(a, transposed(b)), tolerance: products },
  },
  {
    ...{
      name: 'matmul, both transposed',
      inputs: [
        [17, 34],
        [5, 17],
      ],
    },
    run: (a, b) => matmul(a, b, { transposeA: true, transposeB: true }),
    ...{ reference: (a, b) => product(transposed(a), transposed(b)), tolerance: products },
  },
  {
    name: 'linear',
    inputs: [
      [7, 5],
      [3, 5],
    ],
    run: linear,
    reference: (x, w) => product(x, transposed(w)),
    tolerance: products,
  },
  {
    ...{ name: 'linear with bias', inputs: [[37, 5], [34, 5], [34]], run: linear, tolerance: products },
    reference: (x, w, b) => {
      const y = product(x, transposed(w));
      return nd(y.shape, (i) => at(y, i) + at(b, i));
    },
  },
  ...[
    [[2, 3, 7, 5], [4, 3, 3, 3], 1],
    [[1, 2, 6, 9], [3, 2, 5, 5], 2],
    [[2, 2, 17, 18], [1, 2, 5, 5], 1], // by tiles
    [[3, 4, 2, 1], [5, 4, 1, 1], 1],
  ].map(([x, w, stride]) => convRow(x as Shape, w as Shape, stride as number)),
  {
    ...{ name: 'conv2d with bias', inputs: [[2, 3, 4, 5], [2, 3, 3, 3], [2]], tolerance: products },
    run: (x, w, bias) => conv2d(x, w, { bias }),
    reference(x, w, b) {
      const y = convolved(x, w, 1);
      return nd(y.shape, (i) => at(y, i) + at(b, [i[1]]));
    },
  },
  image(
    'nearest',
    [2, 3, 4, 6],
    (x) => nearest(x, 8, 3),
    (x) => reference.nearest(x, 8, 3),
  ),
  image('blur', [2, 3, 7, 5], blur, reference.blur),
  image(
    'down',
    [2, 3, 6, 4],
    (x) => down(x),
    (x) => reference.down(x),
  ),
  image(
    'down, nearest',
    [1, 2, 4, 6],
    (x) => down(x, 'nearest'),
    (x) => reference.down(x, 'nearest'),
  ),
  image('up', [2, 3, 3, 5], up, reference.up),
  {
    ...{ name: 'pyramid', inputs: [[2, 2, 8, 4]], run: bandsOf },
    reference(x) {
      const bands = reference.decompose(planesOf(x), 2);
      return nd([2, 80], ([n, i]) => (i < 64 ? bands[0].data[n * 64 + i] : bands[1].data[n * 16 + i - 64]));
    },
  },
  {
    ...{
      name: 'compose',
      inputs: [
        [1, 2, 8, 4],
        [1, 2, 4, 2],
        [1, 2, 2, 1],
      ],
      run: (...bands: Tensor[]) => compose(bands),
    },
    reference: (...bands) => ({ shape: [1, 2, 8, 4], values: reference.compose(bands.map(planesOf)).data }),
  },
  unary(
    'leakyRelu',
    (x) => leakyRelu(x, 0.2),
    (x) => (x > 0 ? x : 0.2 * x),
  ),
  {
    ...{ name: 'softClamp', inputs: [[2, 4, 3, 5]], run: (x: Tensor) => softClamp(x, { channels: 3 }) },
    reference: (x) => nd([2, 3, 3, 5], (i) => 2 * 0.636 * Math.atan(at(x, i) / 2)),
  },
  {
    ...{ name: 'volumeNorm, SVN', inputs: [[2, 3, 5, 7]] },
    run: (x) => volumeNorm(x, Tensor.zeros(gpu, [1, 3, 1, 1]), { kind: 'SVN', training: true }),
    reference: (x) => nd(x.shape, (i) => at(x, i) - at(summedTo(x, [1, 3, 1, 1]), i) / 70),
  },
  {
    ...{ name: 'volumeNorm, CVN', inputs: [[2, 3, 2, 3]] },
    run: (x) => volumeNorm(x, Tensor.zeros(gpu, [1, 1, 2, 3]), { kind: 'CVN', training: true }),
    reference: (x) => nd(x.shape, (i) => at(x, i) - at(summedTo(x, [1, 1, 2, 3]), i) / 6),
  },
  {
    ...{
      name: 'affine',
      inputs: [
        [2, 2, 3, 5],
        [2, 2, 6, 10],
        [2, 4, 6, 10],
      ],
      tolerance: { absolute: 1e-6, relative: 2e-6 },
    },
    run: (x, s, t) => affine(x, s, t, Tensor.zeros(gpu, [1, 2, 1, 1]), { kind: 'SVN', training: false }),
    reference: (x, s, t) =>
      nd(
        x.shape,
        ([n, c, i, j]) => Math.exp(at(s, [n, c, 2 * i, 2 * j])) * at(x, [n, c, i, j]) + at(t, [n, c + 2, 2 * i, 2 * j]),
      ),
  },
  ...[
    [2, 3, 4],
    [1, 11, 13],
    [3, 1, 22],
    [1, 1],
  ].map((shape) => ({
    ...{ name: 'fft2', inputs: [shape], run: (x: Tensor) => fft2(x), tolerance: sums },
    reference: (x: Nd) => fourierOf({ shape: [...shape, 2], values: toComplex(x.values) }, -1),
  })),
  ...[
    [2, 3, 5, 2],
    [17, 2, 2],
    [1, 1, 2],
  ].flatMap((shape) => [
    {
      ...{
        name: 'fft2 of complex numbers',
        inputs: [shape],
        run: (x: Tensor) => fft2(x, { complex: true }),
        tolerance: sums,
      },
      reference: (x: Nd) => fourierOf(x, -1),
    },
    {
      ...{ name: 'ifft2', inputs: [shape], run: (x: Tensor) => ifft2(x) },
      reference: (x: Nd) => fourierOf(x, 1, 2 / elements(shape.slice(-3))),
    },
  ]),
];

/** Items, more than workgroups along an axis of a grid. */
const N = 70_000;
const FEW = 65;

interface Batched {
  readonly name: string;
  /** without the axis of items */
  readonly items: readonly Shape[];
  /** inputs that all items share, after the others */
  readonly shared?: readonly Shape[];
  /** every item of the result depends on its own item alone; of items of zeros it is zero */
  readonly run: (...inputs: Tensor[]) => Tensor;
}

const BATCHED: readonly Batched[] = [
  {
    name: 'add',
    items: [
      [2, 3],
      [1, 3],
    ],
    run: math.add,
  },
  { name: 'sumItems', items: [[3, 5]], run: sumItems },
  {
    name: 'concat',
    items: [
      [2, 3],
      [1, 3],
    ],
    run: (...x) => concat(x),
  },
  { name: 'channels', items: [[3, 2]], run: (x) => channels(x, 1, 3) },
  { name: 'gatherChannels', items: [[3, 2]], run: (x) => gatherChannels(x, [2, 0, 1]) },
  { name: 'permute', items: [[3, 2]], run: (x) => permute(x, [0, 2, 1]) },
  { name: 'squeeze', items: [[1, 2, 4]], run: (x) => squeeze(x) },
  { name: 'unsqueeze', items: [[4, 1, 2]], run: (x) => unsqueeze(x) },
  { name: 'linear', items: [[3]], shared: [[5, 3]], run: linear },
  { name: 'conv2d 1x1', items: [[2, 2, 3]], shared: [[3, 2, 1, 1]], run: (x, w) => conv2d(x, w) },
  { name: 'conv2d 3x3', items: [[2, 3, 3]], shared: [[1, 2, 3, 3]], run: (x, w) => conv2d(x, w) },
  { name: 'conv2d 3x3, stride 2', items: [[1, 3, 4]], shared: [[2, 1, 3, 3]], run: (x, w) => conv2d(x, w, { stride: 2 }) },
  { name: 'nearest', items: [[1, 2, 3]], run: (x) => nearest(x, 4, 6) },
  { name: 'blur', items: [[1, 3, 3]], run: blur },
  { name: 'down', items: [[1, 4, 2]], run: (x) => down(x) },
  { name: 'up', items: [[1, 2, 1]], run: up },
  { name: 'pyramid', items: [[1, 4, 4]], run: bandsOf },
  {
    name: 'compose',
    items: [
      [1, 4, 4],
      [1, 2, 2],
    ],
    run: (...bands) => compose(bands),
  },
  { name: 'softClamp', items: [[3, 1, 2]], run: (x) => softClamp(x, { channels: 2 }) },
  { name: 'leakyRelu', items: [[3]], run: (x) => leakyRelu(x) },
  { name: 'fft2', items: [[2, 11]], run: (x) => fft2(x) },
  { name: 'ifft2', items: [[2, 3, 2]], run: ifft2 },
];

for (const { name, items, shared = [], run } of BATCHED) {
  test(`${name} of ${N} items computes the last ones as it does few, and their gradients`, async () => {
    const weights = shared.map((shape) => Tensor.from(gpu, shape, randomValues(elements(shape)), 'shared'));
    const data = items.map((shape) => randomValues(FEW * elements(shape)));
    let dyValues: Float32Array | undefined;
    /** Of `count` items, all zero but the last: y, and the gradients. */
    const computed = async (count: number) => {
      const padded = (values: Float32Array) => {
        const all = new Float32Array((values.length / FEW) * count);
        all.set(values, all.length - values.length);
        return all;
      };
      const tensors = items.map((shape, i) => Tensor.from(gpu, [count, ...shape], padded(data[i]), `input ${i}`));
      const tape = new Tape();
      tape.watch(...tensors, ...weights);
      const y = tape.run(() => run(...tensors, ...weights));
      dyValues ??= randomValues(y.size);
      const gradients = tape.backward([[y, Tensor.from(gpu, y.shape, padded(dyValues), 'dy')]]);
      return Promise.all(
        [y, ...[...tensors, ...weights].map((tensor) => gradients.get(tensor)!)].map((made) => made.read()),
      );
    };
    const [few, many] = [await computed(FEW), await computed(N)];
    few.forEach((expected, i) => {
      assertClose(many[i].slice(-expected.length), expected, products, i === 0 ? 'y' : `gradient of input ${i - 1}`);
      assertClose(many[i].slice(0, -expected.length), new Float32Array(many[i].length - expected.length), 0, 'the others');
    });
  });
}

test(`sums and means of ${N} items count each once`, async () => {
  const ones = Tensor.from(gpu, [N, 2, 3], new Float32Array(6 * N).fill(1), 'ones');
  const means = [
    mean(ones),
    meanChannels(ones),
    volumeMean(ones.view([N, 2, 1, 3]), 'SVN'),
    maxPerItem(ones),
    meanItems(ones),
  ];
  for (const made of means) assertClose(await made.read(), new Float32Array(made.size).fill(1), 1e-6, made.label);
  assertClose(await sum(ones).read(), [6 * N], 0, 'sum');
  assertClose(await sumChannels(ones).read(), [3 * N, 3 * N], 0, 'sumChannels');
  assertClose(await sumTo(ones, [3]).read(), [2 * N, 2 * N, 2 * N], 0, 'sumTo');
});

const DEFAULT = { absolute: 1e-6, relative: 1e-6 };

function inputsOf({ inputs, domain = (value) => value }: Row): Float32Array[] {
  return inputs.map((shape) => randomValues(elements(shape)).map(domain));
}

for (const row of ROWS) {
  const { name, inputs: shapes, run, reference, tolerance = DEFAULT } = row;
  test(`${name} of ${shapes.map((shape) => `[${shape}]`).join(' and ')}, and its gradients`, async () => {
    const values = inputsOf(row);
    const nds = (changed: number, by: ArrayLike<number>) =>
      values.map((own, i) => ({ shape: shapes[i], values: i === changed ? by : own }));
    const expected = reference(...nds(-1, []));
    const tensors = values.map((own, i) => Tensor.from(gpu, shapes[i], own, `input ${i}`));
    const tape = new Tape();
    tape.watch(...tensors);
    const y = tape.run(() => run(...tensors));
    assert.equal(y.shape, expected.shape);
    assertClose(await y.read(), expected.values, tolerance, 'y');
    const dy = Tensor.from(gpu, y.shape, randomValues(y.size), 'dy');
    const dyValues = await dy.read();
    const gradients = tape.backward([[y, dy]]);
    for (const [i, tensor] of tensors.entries()) {
      const loss = (x: Float64Array) => dot(reference(...nds(i, x)).values, dyValues);
      const found = await gradients.get(tensor)!.read();
      assertClose(found, centralDifferences(loss, values[i]), tolerance, `gradient of input ${i}`);
      assertClose(await tensor.read(), values[i], 0, `input ${i} after`);
    }
  });
}

test('nothing but the results stays in memory', () => {
  for (const row of ROWS) {
    const tensors = inputsOf(row).map((own, i) => Tensor.from(gpu, row.inputs[i], own));
    scope(() => row.run(...tensors)).free(); // tables stay
    const before = gpu.memory.use().live;
    const tape = new Tape();
    tape.watch(...tensors);
    const y = tape.run(() => scope(() => row.run(...tensors)));
    const gradients = tape.backward([[y, Tensor.from(gpu, y.shape, new Float32Array(y.size))]]);
    for (const made of [y, ...gradients.values()]) made.free();
    assert.is(gpu.memory.use().live, before, row.name);
    for (const tensor of tensors) tensor.free();
  }
});

test.run();

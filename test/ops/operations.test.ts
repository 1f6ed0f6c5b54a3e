import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Tape } from '../../src/autograd/tape';
import { addBias } from '../../src/ops/bias';
import { broadcast, sumTo } from '../../src/ops/broadcast';
import { channels, concat, gatherChannels } from '../../src/ops/channels';
import { linear } from '../../src/ops/linear';
import * as math from '../../src/ops/math';
import { matmul } from '../../src/ops/matmul';
import { pointwise } from '../../src/ops/pointwise';
import { permute, reshape, squeeze, unsqueeze } from '../../src/ops/rearrange';
import { mean, sum } from '../../src/ops/reduce';
import { meanChannels, meanItems, sumChannels, sumItems } from '../../src/ops/sums';
import { elements, type Shape, Tensor } from '../../src/tensor/tensor';
import { assertClose, type Tolerance } from '../support/assert-close';
import { centralDifferences, dot } from '../support/central-differences';
import { gpu, randomValues } from '../support/gpu';
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
];

/** The same operations for 70,000 items, more than workgroups along an axis of a grid. */
const N = 70_000;
const MANY: readonly Row[] = [];

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

for (const row of MANY) {
  test(`${row.name} of ${N} items`, async () => {});
}

test('nothing but the results stays in memory', () => {
  for (const row of ROWS) {
    const tensors = inputsOf(row).map((own, i) => Tensor.from(gpu, row.inputs[i], own));
    row.run(...tensors).free(); // tables stay
    const before = gpu.memory.use().live;
    const tape = new Tape();
    tape.watch(...tensors);
    const y = tape.run(() => row.run(...tensors));
    const gradients = tape.backward([[y, Tensor.from(gpu, y.shape, new Float32Array(y.size))]]);
    for (const made of [y, ...gradients.values()]) made.free();
    assert.is(gpu.memory.use().live, before, row.name);
    for (const tensor of tensors) tensor.free();
  }
});

test.run();

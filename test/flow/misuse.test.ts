import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Adam } from '../../src/autograd/adam';
import { grad } from '../../src/autograd/grad';
import { ParameterSet } from '../../src/autograd/parameters';
import { Tape } from '../../src/autograd/tape';
import type { ErrorCode } from '../../src/core/errors';
import { Random } from '../../src/core/random';
import { actNorm } from '../../src/flow/act-norm';
import { type Bijection, on } from '../../src/flow/bijection';
import { coupling } from '../../src/flow/coupling';
import { loadFlow } from '../../src/flow/file';
import { Flow } from '../../src/flow/flow';
import { mlp, type Network } from '../../src/flow/networks';
import { nll } from '../../src/flow/nll';
import { permutation, split, squeezed } from '../../src/flow/rearrangements';
import { kernel } from '../../src/gpu/reflect';
import { openRuntime } from '../../src/node/dawn';
import { conv2d } from '../../src/ops/conv/convolve';
import { fft2 } from '../../src/ops/fft';
import { linear } from '../../src/ops/linear';
import { add, exp, mul } from '../../src/ops/math';
import { matmul } from '../../src/ops/matmul';
import { apply, type Op } from '../../src/ops/op';
import { pointwise } from '../../src/ops/pointwise';
import { squeeze } from '../../src/ops/rearrange';
import { sum } from '../../src/ops/reduce';
import { scope } from '../../src/tensor/scope';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { assertRejects } from '../support/assert-rejects';
import { gpu, randomTensor, randomValues } from '../support/gpu';

// Wrong use: each case is a readable error, none is silent, and none ends the runtime.

const HEAD =
  '@group(0) @binding(0) var<storage, read> x: array<f32>;\n@group(0) @binding(1) var<storage, read_write> y: array<f32>;';
const MAIN = '@compute @workgroup_size(64)\nfn main(@builtin(global_invocation_id) at: vec3u) {';
const SHAPE = 'struct Shape { size: u32, factor: f32 }\n@group(0) @binding(2) var<uniform> shape: Shape;';
const double = kernel(
  'double',
  `${HEAD}\n${SHAPE}\n${MAIN}\n  if (at.x < shape.size) { y[at.x] = shape.factor * x[at.x]; }\n}`,
);
const misspelt = () => kernel('misspelt', `${HEAD}\n${MAIN}\n  y[at.x] = 2.0 * xs[at.x];\n}`);

const x = randomTensor([4], 'x');
const y = randomTensor([4], 'y');
const image = randomTensor([2, 3, 4, 4], 'image');
const other = await openRuntime();
const elsewhere = Tensor.from(other, [4], new Float32Array(4), 'elsewhere');

const call = { tensors: { x, y }, uniforms: { size: 4, factor: 2 }, grid: [1, 1, 1] } as const;
const run = (change: object) => () => gpu.run(double, { ...call, ...change } as typeof call);
const flow = (...modules: ConstructorParameters<typeof Flow>[2]) => new Flow(gpu, [2], modules);
const points = randomValues(16);
const step = (made: Flow, loss = nll) => made.step(points, loss, new Adam(made.parameters));
const network = (outputs: number): Network => ({
  parameters: () => ({}),
  forward: (h) => randomTensor([h.shape[0]!, outputs]),
});
const bijection = (part: Partial<Bijection>): Bijection => ({
  ...{ name: 'mine', forward: (h) => ({ y: mul(h, 1) }), inverse: (h) => mul(h, 1) },
  ...part,
});
const op = (part: Partial<Op<'x', void>>): Op<'x', void> => ({
  ...{ name: 'mine', saves: [], forward: ({ x: h }) => h.copy(), backward: (dy) => ({ x: () => dy.copy() }) },
  ...part,
});
const spent = () => {
  const tape = new Tape();
  tape.backward([]);
  return tape;
};
const freed = () => {
  const tensor = randomTensor([4], 'gone');
  tensor.free();
  return tensor;
};
const parameter = { name: 'w', shape: [2], data: new Float32Array(2) };

type Case = readonly [what: string, work: () => unknown, code: ErrorCode, message: RegExp];

const CASES: readonly Case[] = [
  // kernels
  ['a kernel without an entry', () => kernel('k', HEAD), 'UsageError', /kernel k.*entr/s],
  [
    'a kernel with two entries',
    () => kernel('k', `${HEAD}\n${MAIN}}\n${MAIN.replace('main', 'more')}}`),
    'UsageError',
    /entr/,
  ],
  [
    'a binding outside group 0',
    () => kernel('k', `${HEAD.replace('group(0)', 'group(1)')}\n${MAIN}}`),
    'UsageError',
    /group/,
  ],
  [
    'two bindings of one number',
    () => kernel('k', `${HEAD.replace('binding(1)', 'binding(0)')}\n${MAIN}}`),
    'UsageError',
    /binding 0|twice|two/,
  ],
  [
    'an array of structures',
    () => kernel('k', `${HEAD.replace('array<f32>', 'array<Shape>')}\n${SHAPE}\n${MAIN}}`),
    'UsageError',
    /array/,
  ],
  [
    'a vector among the uniforms',
    () => kernel('k', `${HEAD}\n${SHAPE.replace('factor: f32', 'factor: vec2f')}\n${MAIN}}`),
    'UsageError',
    /factor/,
  ],
  ['an include at run time', () => kernel('k', `// #include "lib/a.wgsl"\n${HEAD}\n${MAIN}}`), 'UsageError', /include/],
  ['a brace that is not closed', () => kernel('k', `${HEAD}\n${MAIN}`), 'UsageError', /\{|brace/],
  [
    'a loop that cannot be unrolled',
    () => kernel('k', `${HEAD}\n${MAIN}\n  // unroll\n  for (var i = 0u; i < at.x; i++) {}\n}`),
    'UsageError',
    /unroll/,
  ],
  ['a misspelt name, when compiled', () => gpu.compile(misspelt()), 'UsageError', /line 5:\n.*xs\[at\.x\].*\n.*\^.*\n.*xs/s],
  [
    'a misspelt name, when run',
    () => {
      gpu.run(misspelt(), { tensors: { x, y }, uniforms: {}, grid: [1, 1, 1] });
      return y.read();
    },
    'UsageError',
    /misspelt.*line 5/s,
  ],
  ['a missing tensor', run({ tensors: { x } }), 'UsageError', /kernel double needs the tensor y/],
  ['a surplus tensor', run({ tensors: { x, y, z: x } }), 'UsageError', /kernel double has no tensor z/],
  ['a missing uniform', run({ uniforms: { size: 4 } }), 'UsageError', /uniform factor/],
  ['a surplus uniform', run({ uniforms: { size: 4, factor: 2, more: 1 } }), 'UsageError', /no uniform more/],
  ['a surplus constant', run({ constants: { N: 1 } }), 'UsageError', /no constant N/],
  ['a fraction for a u32', run({ uniforms: { size: 1.5, factor: 2 } }), 'UsageError', /double.*size.*1\.5/],
  ['a uniform that is not a number', run({ uniforms: { size: 4, factor: NaN } }), 'UsageError', /double.*factor/],
  ['one tensor, read and written', run({ tensors: { x, y: x } }), 'UsageError', /double.*\bx\b/],
  ['a tensor of another device', run({ tensors: { x: elsewhere, y } }), 'UsageError', /double.*tensor x/],
  [
    'a tensor of another type',
    run({ tensors: { x: Tensor.from(gpu, [4], new Int32Array(4), 'whole'), y } }),
    'UsageError',
    /double.*tensor x.*f32/,
  ],
  ['a grid of nothing', run({ grid: [0, 1, 1] }), 'DeviceError', /double.*0x1x1/],
  ['a grid beyond the limit', run({ grid: [70_000, 1, 1] }), 'DeviceError', /double.*70000x1x1/],
  // operations
  [
    'an expression that does not compile',
    () => pointwise('mine', 'sin(t) +\n  cosine(t)', { t: 'dy' })(x).read(),
    'UsageError',
    /mine.*line 2:\n +cosine\(t\)\n +\^/s,
  ],
  ['an expression with an open parenthesis', () => pointwise('mine', 'sin(t', { t: 'dy' }), 'UsageError', /mine.*'sin\(t'/],
  ['an input called y', () => pointwise('mine', 'y', { y: 'dy' }), 'UsageError', /\by\b/],
  [
    'an attribute that is missing',
    () => pointwise('mine', 'k * t', { t: 'k * dy' }, ['k'])(x, {} as { k: number }),
    'UsageError',
    /k/,
  ],
  ['shapes that do not broadcast', () => add(x, randomTensor([3], 'three')), 'ShapeError', /add.*\[4\].*\[3\]/],
  [
    'matrices that do not fit',
    () => matmul(randomTensor([2, 3], 'a'), randomTensor([2, 3], 'b')),
    'ShapeError',
    /matmul.*\[2, 3\]/,
  ],
  [
    'a layer that does not fit',
    () => linear(randomTensor([2, 3], 'h'), randomTensor([4, 2], 'w')),
    'ShapeError',
    /\[2, 3\].*\[4, 2\]/,
  ],
  ['a convolution that does not fit', () => conv2d(image, randomTensor([4, 2, 3, 3], 'w')), 'ShapeError', /conv2d.*3/],
  ['a squeeze of odd sides', () => squeeze(randomTensor([1, 1, 3, 4], 'odd')), 'ShapeError', /squeeze.*\[1, 1, 3, 4\]/],
  ['a transform of one axis', () => fft2(x), 'ShapeError', /fft2.*\[4\]/],
  [
    'an operation that returns its input',
    () => apply(op({ forward: ({ x: h }) => h }), { x }, undefined),
    'UsageError',
    /mine returned its input/,
  ],
  [
    'a gradient of another shape',
    () => grad(() => sum(apply(op({ backward: (dy) => ({ x: () => dy.view([2, 2]) }) }), { x }, undefined)), [x]),
    'ShapeError',
    /gradient of x.*mine/,
  ],
  ['the gradient of a vector', () => grad(() => exp(x), [x]), 'ShapeError', /\[1\].*\[4\]/],
  ['a second backward', () => spent().backward([]), 'UsageError', /backward already/],
  [
    'a seed of another shape',
    () => new Tape().backward([[x, randomTensor([2, 2], 'seed')]]),
    'ShapeError',
    /\[4\].*\[2, 2\]/,
  ],
  // tensors
  ['float64 data', () => Tensor.from(gpu, [2], new Float64Array(2) as never, 'mine'), 'UsageError', /mine.*Float64Array/],
  ['data of another size', () => Tensor.from(gpu, [3], new Float32Array(2), 'mine'), 'ShapeError', /mine.*3 values.*2/],
  ['a size of zero', () => Tensor.empty(gpu, [2, 0], 'mine'), 'ShapeError', /mine.*\[2, 0\]/],
  ['a tensor that was freed', () => exp(freed()), 'UsageError', /gone.*freed/],
  ['a view that starts in between', () => randomTensor([128], 'mine').view([2], 3), 'ShapeError', /mine.*3/],
  ['an asynchronous scope', () => scope(async () => x), 'UsageError', /asynchronous/],
  // parameters
  ['two parameters of one name', () => new ParameterSet([parameter, parameter], gpu), 'UsageError', /two parameters.*w/],
  [
    'a parameter of another size',
    () => new ParameterSet([{ ...parameter, shape: [3] }], gpu),
    'UsageError',
    /3 values.*w, got 2/,
  ],
  ['a parameter that does not exist', () => new ParameterSet([parameter], gpu).get('v'), 'UsageError', /named v.*w/],
  [
    'a negative learning rate',
    () => new Adam(new ParameterSet([parameter], gpu), { learningRate: -1 }),
    'UsageError',
    /learningRate/,
  ],
  ['a seed that is no whole number', () => new Random(0.5), 'UsageError', /0\.5/],
  // flows
  [
    'a coupling of one channel',
    () => new Flow(gpu, [1], [coupling({ network: mlp(4) })]),
    'ShapeError',
    /module 0 \(coupling\)/,
  ],
  ['a squeeze of points', () => flow(squeezed()), 'ShapeError', /module 0 \(squeezed\)/],
  ['a split of a level that does not exist', () => flow(split(2)), 'ShapeError', /level 2/],
  ['an order of other channels', () => flow(permutation([0, 1, 2])), 'ShapeError', /permutation/],
  ['a condition that does not exist', () => flow(on(0, actNorm(), { given: [1] })), 'UsageError', /level 1/],
  [
    'a network with other outputs',
    () => flow(coupling({ network: network(5) })).forward(points),
    'ShapeError',
    /network of coupling.*\[8, 5\].*\[8, 2\]/,
  ],
  [
    'a bijection that changes the shape',
    () => flow(bijection({ forward: (h) => ({ y: sum(h) }) })).forward(points),
    'ShapeError',
    /result of mine.*\[8, 2\].*\[1\]/,
  ],
  [
    'a log determinant of another shape',
    () => flow(bijection({ forward: (h) => ({ y: mul(h, 1), logDet: () => exp(h) }) })).forward(points),
    'ShapeError',
    /\[8, 2\]/,
  ],
  [
    'an inverse that is wrong',
    () => step(flow(bijection({ inverse: (h) => mul(h, 2) }), actNorm())),
    'NumericError',
    /module 0 \(mine\)/,
  ],
  [
    'a result that is not finite',
    () => step(flow(actNorm(), bijection({ forward: (h) => ({ y: exp(mul(h, 1e4)) }) }))),
    'NumericError',
    /module 1 \(mine\)/,
  ],
  [
    'data that are not finite',
    () => flow(actNorm()).step(points.with(3, NaN), nll, new Adam(flow(actNorm()).parameters)),
    'UsageError',
    /other parameters/,
  ],
  ['a loss that is not one number', () => step(flow(actNorm()), (z) => z[0]!), 'ShapeError', /the loss/],
  [
    'a batch of other items',
    () => flow(actNorm()).forward(randomTensor([4, 3], 'mine')),
    'ShapeError',
    /mine.*\[4, 2\].*\[4, 3\]/,
  ],
  [
    'the gradient of an inverse',
    () => grad(() => sum(flow(actNorm()).inverse(points)[0]!), []),
    'UsageError',
    /inverse.*no gradient/,
  ],
  ['half a point', () => flow(actNorm()).forward(new Float32Array(3)), 'ShapeError', /3 values/],
  ['a file that is none', () => loadFlow(flow(actNorm()), new Uint8Array(20)), 'CheckpointError', /damaged|not/],
];

async function stillWorks(): Promise<void> {
  const values = randomValues(70);
  const doubled = await mul(Tensor.from(gpu, [70], values), 2).read();
  assertClose(
    doubled,
    values.map((value) => 2 * value),
    0,
    'twice the values',
  );
}

for (const [what, work, code, message] of CASES) {
  test(`${what} is refused, and the runtime works on`, async () => {
    await assertRejects(work, code, message);
    await stillWorks();
  });
}

test('there are enough cases', () => assert.ok(CASES.length >= 40, `${CASES.length}`));

test('a disposed runtime says so at every call', async () => {
  const tensor = Tensor.from(other, [4], new Float32Array(4));
  other.dispose();
  for (const use of [
    () => tensor.read(),
    () => tensor.write(new Float32Array(4)),
    () => exp(tensor),
    () => Tensor.zeros(other, [2]),
    () => other.compile(double),
  ])
    await assertRejects(use, 'DeviceError', /disposed/);
  await stillWorks();
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ParameterSet } from '../../src/autograd/parameters';
import { Tape } from '../../src/autograd/tape';
import { type Bijection, on, type Pass } from '../../src/flow/bijection';
import { ReversibleChain } from '../../src/flow/reversible';
import { leakyRelu } from '../../src/ops/activation';
import { conv2d } from '../../src/ops/conv/convolve';
import { addInto, combineInto, fill } from '../../src/ops/elementwise';
import { add, div, exp, mul, sub } from '../../src/ops/math';
import { sumItems } from '../../src/ops/sums';
import { scope } from '../../src/tensor/scope';
import { elements, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { centralDifferences, dot } from '../support/central-differences';
import { gpu, randomTensor, randomValues } from '../support/gpu';

// Bijections that are no part of PyramidFlow and state nothing but `forward` and `inverse`.

const SHAPE = [2, 1, 3, 5];
const PIXELS = elements(SHAPE);
const SLOPE = 0.25;
const TRAINING: Pass = { training: true };

/** x + leaky(w * condition), w a 1x1 convolution of one channel */
const shift: Bijection = {
  name: 'shift',
  forward: (x, { w }, [condition]) => ({ y: add(x, leakyRelu(conv2d(condition!, w!), SLOPE)) }),
  inverse: (y, { w }, [condition]) => sub(y, leakyRelu(conv2d(condition!, w!), SLOPE)),
};

/** exp(s) * x + t with s and t learned for every pixel */
const pixels: Bijection = {
  name: 'pixels',
  forward: (x, { s, t }) => ({ y: add(mul(exp(s!), x), t!), logDet: () => sumItems(s!) }),
  inverse: (y, { s, t }) => div(sub(y, t!), exp(s!)),
};

/** Four modules a round: both levels, each shifted by the other and then scaled. */
function toyChain(rounds: number) {
  const places = Array.from({ length: 2 * rounds }, (_, i) => ({ prefix: `${i}`, level: i % 2 }));
  const entry = (name: string, shape: number[]) => ({
    name,
    shape,
    data: randomValues(elements(shape)).map((v) => 0.4 * v),
  });
  const set = new ParameterSet(
    places.flatMap(({ prefix }) => [
      entry(`${prefix}.w`, [1, 1, 1, 1]),
      entry(`${prefix}.s`, SHAPE),
      entry(`${prefix}.t`, SHAPE),
    ]),
    gpu,
  );
  const modules = places.flatMap(({ prefix, level }) => [
    on(level, shift, { given: [1 - level], prefix }),
    on(level, pixels, { prefix }),
  ]);
  return { set, modules, chain: new ReversibleChain(modules, set) };
}

/** The same in float64: from both levels and all parameters, in the set's order without gaps, to both levels. */
function reference(levels: readonly Float64Array[], parameters: Float64Array, rounds: number): Float64Array[] {
  const [a, b] = [levels[0].slice(), levels[1].slice()];
  let at = 0;
  for (let i = 0; i < 2 * rounds; i++) {
    const [target, condition] = i % 2 ? [b, a] : [a, b];
    const w = parameters[at++];
    const s = parameters.subarray(at, (at += PIXELS));
    const t = parameters.subarray(at, (at += PIXELS));
    for (let p = 0; p < PIXELS; p++) {
      const product = w * condition[p];
      const shifted = target[p] + (product > 0 ? product : SLOPE * product);
      target[p] = Math.exp(s[p]) * shifted + t[p];
    }
  }
  return [a, b];
}

const startLevels = () => [randomTensor(SHAPE, 'a'), randomTensor(SHAPE, 'b')];
const hostOf = async (tensors: readonly Tensor[]) =>
  Promise.all(tensors.map(async (t) => Float64Array.from(await t.read())));
const joined = (parts: readonly ArrayLike<number>[]) => Float64Array.from(parts.flatMap((part) => [...Array.from(part)]));
const PRECISION = { absolute: 1e-5, relative: 1e-5 };

test('forward, inverse and both ways to the gradients are those of float64', async () => {
  const { set, chain } = toyChain(2);
  const values = joined(await hostOf(set.names.map((name) => set.get(name))));
  const seeds = await hostOf(startLevels());
  const seedTensors = () => seeds.map((seed) => Tensor.from(gpu, SHAPE, Float32Array.from(seed), 'seed'));
  const levels = startLevels();
  const start = await hostOf(levels);
  const loss = (parameters: Float64Array) => (inputs: Float64Array) =>
    dot(joined(reference([inputs.subarray(0, PIXELS), inputs.subarray(PIXELS)], parameters, 2)), joined(seeds));
  const dInputs = centralDifferences(loss(values), joined(start));
  const dParameters = centralDifferences((parameters) => loss(parameters)(joined(start)), values);
  const foundInSet = async () => joined(await hostOf(set.names.map((name) => set.gradient(name))));

  chain.forward(levels, TRAINING);
  assertClose(joined(await hostOf(levels)), joined(reference(start, values, 2)), PRECISION, 'forward');
  const gradients = seedTensors();
  set.zeroGradients();
  chain.backward(levels, gradients);
  assertClose(joined(await hostOf(levels)), joined(start), PRECISION, 'levels after backward');
  assertClose(joined(await hostOf(gradients)), dInputs, PRECISION, 'reversible, d inputs');
  assertClose(await foundInSet(), dParameters, PRECISION, 'reversible, d parameters');

  const tape = new Tape();
  tape.watch(...levels);
  const { levels: outputs } = chain.forwardOnTape(tape, levels, TRAINING);
  const found = tape.backward(outputs.map((output, i) => [output, seedTensors()[i]]));
  assertClose(joined(await hostOf(levels.map((level) => found.get(level)!))), dInputs, PRECISION, 'plain, d inputs');
  set.zeroGradients();
  set.addGradients(found);
  assertClose(await foundInSet(), dParameters, PRECISION, 'plain, d parameters');

  chain.inverse(outputs, TRAINING);
  assertClose(joined(await hostOf(outputs)), joined(start), PRECISION, 'inverse');
});

test('log determinants add up by item, on a tape as without one', async () => {
  const { set, chain } = toyChain(3);
  const scales = await hostOf(set.names.filter((name) => name.endsWith('.s')).map((name) => set.get(name)));
  const expected = [0, 1].map((item) =>
    scales.flatMap((s) => [...s.subarray(15 * item, 15 * item + 15)]).reduce((a, b) => a + b),
  );
  const zeros = () => Tensor.zeros(gpu, [2]);
  const levels = startLevels();
  const { logDet: taped } = chain.forwardOnTape(new Tape(), levels, TRAINING, zeros());
  const logDet = zeros();
  chain.forward(levels, TRAINING, { logDet });
  assertClose(await logDet.read(), expected, 1e-5, 'without a tape');
  assertClose(await taped!.read(), expected, 1e-5, 'on a tape');
});

test('the gradients of log determinants reach the parameters', async () => {
  const { set, chain } = toyChain(2);
  const levels = startLevels();
  chain.forward(levels, TRAINING, { logDet: Tensor.zeros(gpu, [2]) });
  const nothing = levels.map((level) => Tensor.zeros(gpu, level.shape));
  chain.backward(levels, nothing, Tensor.from(gpu, [2], [1, -2]));
  const expected = Float32Array.from({ length: PIXELS }, (_, i) => (i < 15 ? 1 : -2));
  assertClose(await set.gradient('3.s').read(), expected, 0, 'd scales of the last module');
  assertClose(await set.gradient('0.t').read(), new Float32Array(PIXELS), 0, 'd shifts');
});

test('anchors take the place of rebuilt levels', async () => {
  const { set, chain } = toyChain(3);
  const levels = startLevels();
  const anchors = new Map();
  const input = await hostOf(levels);
  chain.forward(levels, TRAINING, { anchors: { kept: anchors, every: 4 } });
  assert.equal([...anchors.keys()], [4, 8]);
  for (const level of levels) fill(level, 0); // what came after the last anchor is lost, but no more
  const seen: number[] = [];
  chain.backward(levels, startLevels(), undefined, anchors, (rebuilt) => seen.push(rebuilt.length));
  assert.equal(seen, [2, 2]);
  assertClose(joined(await hostOf(levels)), joined(input), PRECISION, 'levels after backward');
  set.free();
});

/** The most live bytes of a step, above those before it. */
function peakOfStep(rounds: number, mode: 'reversible' | 'plain'): { peak: number; left: number } {
  const { set, chain } = toyChain(rounds);
  set.zeroGradients();
  const before = gpu.memory.use().live;
  gpu.memory.resetPeak();
  scope(() => {
    const levels = startLevels();
    const gradients = startLevels();
    if (mode === 'reversible') {
      chain.forward(levels, TRAINING);
      chain.backward(levels, gradients);
    } else {
      const tape = new Tape();
      const { levels: outputs } = chain.forwardOnTape(tape, levels, TRAINING);
      set.addGradients(tape.backward(outputs.map((output, i) => [output, gradients[i]])));
    }
  });
  const { live, peak } = gpu.memory.use();
  set.free();
  return { peak: peak - before, left: live - before };
}

test('a step takes the same memory however long the chain, and leaves nothing; plain mode grows', () => {
  const short = peakOfStep(2, 'reversible');
  assert.equal(peakOfStep(32, 'reversible'), short);
  assert.is(short.left, 0);
  const [plainShort, plainLong] = [peakOfStep(2, 'plain'), peakOfStep(32, 'plain')];
  assert.is(plainLong.left, 0);
  assert.ok(plainLong.peak > 8 * plainShort.peak, `${plainShort.peak} ${plainLong.peak}`);
});

test('it learns: gradient descent on a toy chain brings its output to a goal', async () => {
  const { set, chain } = toyChain(2);
  const goal = randomTensor(SHAPE, 'goal');
  const input = startLevels();
  const distances: number[] = [];
  for (let step = 0; step < 60; step++) {
    const levels = input.map((level) => level.copy());
    chain.forward(levels, TRAINING);
    const error = levels[0].copy();
    combineInto(error, 1, goal, -1); // of half the squared distance
    distances.push(dot(await error.read(), await error.read()));
    set.zeroGradients();
    chain.backward(levels, [error, Tensor.zeros(gpu, SHAPE)]);
    addInto(set.segments[0]!.values, scaledDown(set.segments[0]!.gradients));
  }
  assert.ok(distances.at(-1)! < 0.01 * distances[0], `${distances[0]} to ${distances.at(-1)}`);
});

function scaledDown(gradients: Tensor): Tensor {
  const step = gradients.copy();
  combineInto(step, 0, gradients, -0.05);
  return step;
}

test('a part of a chain runs alone', async () => {
  const { modules, chain } = toyChain(1);
  const [levels, parts] = [startLevels(), [] as Tensor[]];
  parts.push(...levels.map((level) => level.copy()));
  chain.forward(levels, TRAINING);
  for (const i of modules.keys()) chain.forward(parts, TRAINING, {}, i, i + 1);
  for (const i of [0, 1]) assertClose(await parts[i].read(), await levels[i].read(), 0, `level ${i}`);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ParameterSet } from '../../src/autograd/parameters';
import { Tape } from '../../src/autograd/tape';
import { type Invertible, type Pass, ReversibleChain, replace } from '../../src/flow/reversible';
import { leakyReluOp } from '../../src/ops/activation';
import { affineOp, applyAffine } from '../../src/ops/affine';
import { conv2dOp } from '../../src/ops/conv/convolve';
import { addInto, combineInto } from '../../src/ops/elementwise';
import { add } from '../../src/ops/math';
import { apply } from '../../src/ops/op';
import { scope } from '../../src/tensor/scope';
import { elements, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { centralDifferences, dot } from '../support/central-differences';
import { gpu, randomTensor, randomValues } from '../support/gpu';

// Modules that are no part of PyramidFlow and state nothing but `forward` and `inverse`.

const SHAPE = [2, 1, 3, 5];
const PIXELS = elements(SHAPE);
const SLOPE = 0.25;
const TRAINING: Pass = { training: true };

/** target += leaky(w * condition), w a 1x1 convolution of one channel. */
function additiveCoupling(set: ParameterSet, name: string, target: number, condition: number): Invertible {
  const w = set.get(name);
  const shift = (tape: Tape, levels: readonly Tensor[]) => {
    const product = tape.run(() => apply(conv2dOp, { x: levels[condition], w }, {}));
    const result = tape.run(() => apply(leakyReluOp, { x: product }, { slope: SLOPE }));
    product.free();
    return result;
  };
  return {
    name,
    target,
    conditions: [condition],
    parameters: [w],
    forward(tape, levels) {
      const t = shift(tape, levels);
      const y = tape.run(() => add(levels[target], t));
      t.free();
      return y;
    },
    inverse(levels) {
      const x = levels[target].copy();
      combineInto(x, 1, shift(new Tape(), levels), -1);
      return x;
    },
  };
}

/** target <- exp(s) * target + t with s and t learned for every pixel. */
function pixelAffine(set: ParameterSet, name: string, target: number): Invertible {
  const [logScale, network] = [set.get(`${name}.s`), set.get(`${name}.t`)];
  const runningMean = Tensor.zeros(gpu, [1, logScale.shape[1], 1, 1]); // log scales are taken as they are
  return {
    name,
    target,
    conditions: [],
    parameters: [logScale, network],
    forward(tape, levels, { logDeterminants }) {
      if (logDeterminants) {
        replace(
          logDeterminants,
          target,
          tape.run(() => add(logDeterminants[target], logScale)),
        );
      }
      return tape.run(() =>
        apply(affineOp, { x: levels[target], logScale, network, runningMean }, { kind: 'SVN', training: false }),
      );
    },
    inverse(levels, { logDeterminants }) {
      const x = levels[target].copy();
      applyAffine(x, { values: logScale, mean: runningMean, kind: 'SVN' }, network, 'inverse');
      if (logDeterminants) combineInto(logDeterminants[target], 1, logScale, -1);
      return x;
    },
  };
}

const NETWORK_SHAPE = [2, 2, 3, 5]; // its second channel is the shift

/** Four modules a round: both levels, each shifted by the other and then scaled. */
function toyChain(rounds: number) {
  const entry = (name: string, shape: number[]) => ({
    name,
    shape,
    data: randomValues(elements(shape)).map((v) => 0.4 * v),
  });
  const names = Array.from({ length: rounds }, (_, i) => [0, 1].map((level) => `${i}.${level}`)).flat();
  const set = new ParameterSet(
    names.flatMap((name) => [entry(name, [1, 1, 1, 1]), entry(`${name}.s`, SHAPE), entry(`${name}.t`, NETWORK_SHAPE)]),
    gpu,
  );
  const modules = names.flatMap((name) => {
    const level = Number(name.at(-1));
    return [additiveCoupling(set, name, level, 1 - level), pixelAffine(set, name, level)];
  });
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
    const t = parameters.subarray(at, (at += 2 * PIXELS));
    for (let p = 0; p < PIXELS; p++) {
      const product = w * condition[p];
      const shifted = target[p] + (product > 0 ? product : SLOPE * product);
      target[p] = Math.exp(s[p]) * shifted + t[Math.floor(p / 15) * 30 + 15 + (p % 15)];
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
  const outputs = chain.forwardOnTape(tape, levels, TRAINING);
  const found = tape.backward(outputs.map((output, i) => [output, seedTensors()[i]]));
  assertClose(joined(await hostOf(levels.map((level) => found.get(level)!))), dInputs, PRECISION, 'plain, d inputs');
  set.zeroGradients();
  set.addGradients(found);
  assertClose(await foundInSet(), dParameters, PRECISION, 'plain, d parameters');

  chain.inverse(outputs, TRAINING);
  assertClose(joined(await hostOf(outputs)), joined(start), PRECISION, 'inverse');
});

test('log-determinants add up forward, on a tape as in place, and cancel backward', async () => {
  const { set, chain } = toyChain(3);
  const zeros = () => [0, 1].map(() => Tensor.zeros(gpu, SHAPE));
  const scales = (level: number) => [0, 1, 2].map((round) => set.get(`${round}.${level}.s`).read());
  const expected = await Promise.all(
    [0, 1].map(async (level) => (await Promise.all(scales(level))).reduce((sum, s) => sum.map((v, i) => v + s[i]))),
  );
  const levels = startLevels();
  const taped = zeros();
  chain.forwardOnTape(new Tape(), levels, { training: true, logDeterminants: taped });
  const logDeterminants = zeros();
  chain.forward(levels, { training: true, logDeterminants });
  for (const level of [0, 1]) {
    assertClose(await logDeterminants[level].read(), expected[level], 1e-6, `level ${level}`);
    assertClose(await taped[level].read(), expected[level], 1e-6, `on a tape, level ${level}`);
  }
  chain.inverse(levels, { training: true, logDeterminants });
  for (const level of logDeterminants) assertClose(await level.read(), new Float32Array(PIXELS), 1e-6, 'back');
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
      const outputs = chain.forwardOnTape(tape, levels, TRAINING);
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
  for (const module of modules) chain.forward(parts, TRAINING, [module]);
  for (const i of [0, 1]) assertClose(await parts[i].read(), await levels[i].read(), 0, `level ${i}`);
});

test.run();

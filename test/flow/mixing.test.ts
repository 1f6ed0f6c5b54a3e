import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ParameterSet } from '../../src/autograd/parameters';
import { Tape } from '../../src/autograd/tape';
import { Random } from '../../src/core/random';
import { Mixing } from '../../src/flow/mixing';
import { ReversibleChain } from '../../src/flow/reversible';
import { initialTensors } from '../../src/pyramidflow/initialize';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';
import { SMALL } from '../support/small-model';

const CHANNELS = 5;
const TRAINED = ['lower', 'log_s', 'upper'];
const TRAINING = { training: true };

function mixingChain() {
  const tensors = initialTensors({ ...SMALL, channels: CHANNELS }, new Random(3));
  const named = (name: string) => ({ name, ...tensors.get(`blocks.0.${name}`)! });
  const set = new ParameterSet(TRAINED.map(named), gpu);
  const [perm, sign] = ['perm', 'sign'].map((name) => Tensor.from(gpu, named(name).shape, named(name).data, name));
  const mixing = new Mixing('mixing', 1, {
    lower: set.get('lower'),
    logS: set.get('log_s'),
    upper: set.get('upper'),
    perm,
    sign,
  });
  return { set, mixing, chain: new ReversibleChain([mixing], set) };
}

const randomLevels = () => [randomTensor([2, CHANNELS, 6, 4], 'fine'), randomTensor([2, CHANNELS, 3, 2], 'coarse')];

test('mixes the channels of its level alone, keeps lengths as a rotation does, and is undone', async () => {
  const { chain } = mixingChain();
  const levels = randomLevels();
  const [fine, coarse] = await Promise.all(levels.map((level) => level.read()));
  chain.forward(levels, TRAINING);
  assert.equal(await levels[0].read(), fine);
  const mixed = await levels[1].read();
  assert.ok(mixed.some((value, i) => Math.abs(value - coarse[i]) > 0.1));
  const square = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  assertClose(square(mixed), square(coarse), 1e-4, 'squared length');
  chain.inverse(levels, TRAINING);
  assertClose(await levels[1].read(), coarse, 2e-6, 'undone');
});

test('adds nothing to the log-determinant', async () => {
  const { chain } = mixingChain();
  const logDeterminants = [Tensor.zeros(gpu, [2, CHANNELS, 6, 4]), Tensor.zeros(gpu, [2, CHANNELS, 3, 2])];
  chain.forward(randomLevels(), { training: true, logDeterminants });
  for (const level of logDeterminants) assertClose(await level.read(), new Float32Array(level.size), 0, 'log-determinant');
});

test('the gradients of the reversible and of the plain way are the same', async () => {
  const { set, mixing, chain } = mixingChain();
  const [input, seeds] = [randomLevels(), randomLevels()];
  const tape = new Tape();
  tape.watch(...input);
  const output = chain.forwardOnTape(tape, input, TRAINING);
  const found = tape.backward(output.map((level, i) => [level, seeds[i].copy()]));
  const expected = await Promise.all([input[1], ...mixing.parameters].map((leaf) => found.get(leaf)!.read()));
  set.zeroGradients();
  const levels = input.map((level) => level.copy());
  chain.forward(levels, TRAINING);
  chain.backward(levels, seeds);
  const actual = [seeds[1], ...TRAINED.map((name) => set.gradient(name))];
  for (const [i, tensor] of actual.entries()) {
    assertClose(await tensor.read(), expected[i], { absolute: 1e-5, relative: 1e-5 }, tensor.label);
  }
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ParameterSet } from '../../src/autograd/parameters';
import { Tape } from '../../src/autograd/tape';
import { Random } from '../../src/core/random';
import { on } from '../../src/flow/bijection';
import { mixing, randomRotation } from '../../src/flow/mixing';
import { ReversibleChain } from '../../src/flow/reversible';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';

const CHANNELS = 5;
const TRAINING = { training: true };

function mixingChain() {
  const rotation = Object.entries(randomRotation(CHANNELS, new Random(3)));
  const set = new ParameterSet(
    rotation.map(([name, parameter]) => ({ name: `mixing.${name}`, ...parameter })),
    gpu,
  );
  const module = on(1, mixing({ volume: 'one' }), { prefix: 'mixing' });
  return { set, chain: new ReversibleChain([module], set) };
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

test('adds nothing to the log determinant', async () => {
  const { chain } = mixingChain();
  const logDet = Tensor.zeros(gpu, [2]);
  chain.forward(randomLevels(), TRAINING, { logDet });
  assertClose(await logDet.read(), [0, 0], 0, 'log determinant');
});

test('the gradients of the reversible and of the plain way are the same', async () => {
  const { set, chain } = mixingChain();
  const [input, seeds] = [randomLevels(), randomLevels()];
  const tape = new Tape();
  tape.watch(...input);
  const { levels: output } = chain.forwardOnTape(tape, input, TRAINING);
  const found = tape.backward(output.map((level, i) => [level, seeds[i].copy()]));
  const expected = await Promise.all(
    [input[1], ...set.names.map((name) => set.get(name))].map((leaf) => found.get(leaf)!.read()),
  );
  set.zeroGradients();
  const levels = input.map((level) => level.copy());
  chain.forward(levels, TRAINING);
  chain.backward(levels, seeds);
  const actual = [seeds[1], ...set.names.map((name) => set.gradient(name))];
  for (const [i, tensor] of actual.entries()) {
    assertClose(await tensor.read(), expected[i], { absolute: 1e-5, relative: 1e-5 }, tensor.label);
  }
});

test.run();

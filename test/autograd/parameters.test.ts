import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ParameterSet } from '../../src/autograd/parameters';
import { fill } from '../../src/ops/elementwise';
import { Tensor } from '../../src/tensor/tensor';
import { gpu } from '../support/gpu';

const ENTRIES = [
  { name: 'weight', shape: [5, 13], data: Float32Array.from({ length: 65 }, (_, i) => i + 1) },
  { name: 'scale', shape: [1], data: Float32Array.of(-7) },
  { name: 'square', shape: [8, 8], data: new Float32Array(64).fill(2) },
];

const padded = (parts: readonly ArrayLike<number>[]) => {
  const all = new Float32Array(128 + 64 + 64);
  parts.forEach((part, i) => all.set(part, [0, 128, 192][i]));
  return all;
};

test('parameters lie in one tensor, each where a binding may start, with zeros between', async () => {
  const set = new ParameterSet(ENTRIES, gpu);
  assert.equal(set.names, ['weight', 'scale', 'square']);
  assert.equal(await set.values.read(), padded(ENTRIES.map(({ data }) => data)));
  for (const { name, shape, data } of ENTRIES) {
    assert.equal(set.get(name).shape, shape);
    assert.equal(await set.get(name).read(), data);
    assert.is(set.get(name), set.get(name));
  }
  fill(set.get('scale'), 3);
  assert.is((await set.values.read())[128], 3);
  set.free();
});

test('gradients are added, freed, and taken from what a tape found', async () => {
  const set = new ParameterSet(ENTRIES, gpu);
  set.zeroGradients();
  const filled = (shape: readonly number[], value: number) => {
    const tensor = Tensor.empty(gpu, shape);
    fill(tensor, value);
    return tensor;
  };
  const other = filled([2], 0);
  const found = () =>
    new Map([
      [set.get('weight'), filled([5, 13], 1.5)],
      [set.get('scale'), filled([1], -1)],
      [other, filled([2], 9)],
    ]);
  const first = found();
  const gradients = [...first.values()];
  set.addGradients(first);
  set.addGradients(found());
  assert.equal([...first.keys()], [other], 'what is no parameter stays');
  assert.equal(
    gradients.map(({ freed }) => freed),
    [true, true, false],
  );
  assert.equal(await set.gradients.read(), padded([new Float32Array(65).fill(3), [-2]]));
  assert.equal(await set.gradient('square').read(), new Float32Array(64));
  set.zeroGradients();
  assert.equal(await set.gradients.read(), new Float32Array(256));
  set.free();
});

test('everything is given back', () => {
  const before = gpu.memory.use().live;
  const set = new ParameterSet(ENTRIES, gpu);
  set.gradient('weight');
  assert.is(gpu.memory.use().live - before, 2 * 1024);
  set.free();
  assert.is(gpu.memory.use().live, before);
});

test('names that are taken or unknown are refused', () => {
  const refused = (message: RegExp) => (error: Error) => error.name === 'UsageError' && message.test(error.message);
  assert.throws(() => new ParameterSet([ENTRIES[0], ENTRIES[0]], gpu), refused(/weight/));
  const set = new ParameterSet(ENTRIES, gpu);
  assert.throws(() => set.get('bias'), refused(/bias.*weight, scale, square/));
  assert.throws(() => set.gradient('bias'), refused(/bias/));
});

test.run();

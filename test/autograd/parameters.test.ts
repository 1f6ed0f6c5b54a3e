import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Adam } from '../../src/autograd/adam';
import { ParameterSet } from '../../src/autograd/parameters';
import { Runtime } from '../../src/gpu/runtime';
import { fill } from '../../src/ops/elementwise';
import { Tensor } from '../../src/tensor/tensor';
import { assertThrows } from '../support/assert-rejects';
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
  assert.equal(await set.segments[0]!.values.read(), padded(ENTRIES.map(({ data }) => data)));
  for (const { name, shape, data } of ENTRIES) {
    assert.equal(set.get(name).shape, shape);
    assert.equal(await set.get(name).read(), data);
    assert.is(set.get(name), set.get(name));
  }
  fill(set.get('scale'), 3);
  assert.is((await set.segments[0]!.values.read())[128], 3);
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
  assert.equal(await set.segments[0]!.gradients.read(), padded([new Float32Array(65).fill(3), [-2]]));
  assert.equal(await set.gradient('square').read(), new Float32Array(64));
  set.zeroGradients();
  assert.equal(await set.segments[0]!.gradients.read(), new Float32Array(256));
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

test('the first gradients are zeros, whatever their memory held', async () => {
  const dirty = Tensor.empty(gpu, [256]);
  fill(dirty, 7);
  dirty.free();
  const set = new ParameterSet(ENTRIES, gpu);
  assert.equal(await set.gradient('weight').read(), new Float32Array(65));
  set.free();
});

test('data of another length than the shape is refused, and nothing is written beyond a parameter', () => {
  const entry = { name: 'w', shape: [3], data: new Float32Array(4) };
  assertThrows(() => new ParameterSet([entry], gpu), 'UsageError', /expected 3 values.* w, got 4/);
  const set = new ParameterSet(ENTRIES, gpu);
  const values = new Map(ENTRIES.map(({ name, data }) => [name, data]));
  assertThrows(() => set.write(values.set('scale', new Float32Array(2))), 'UsageError', /expected 1 .*got 2/);
  set.free();
});

test('a gradient of another shape is refused', () => {
  const set = new ParameterSet(ENTRIES, gpu);
  const found = new Map([[set.get('square'), Tensor.zeros(gpu, [64])]]);
  assertThrows(() => set.addGradients(found), 'ShapeError', /\[8, 8\].*\[64\]/);
  set.free();
});

test('a set may be empty, and have parameters that are not trained', async () => {
  const set = new ParameterSet([{ name: 'order', shape: [2], data: Float32Array.of(1, 0), trained: false }], gpu);
  assert.equal([set.names, set.fixedNames], [[], ['order']]);
  assert.equal(await set.get('order').read(), Float32Array.of(1, 0));
  assertThrows(() => set.gradient('order'), 'UsageError', /no trained parameter/);
  set.zeroGradients();
  const adam = new Adam(set);
  assert.equal(await adam.step().read(), Float32Array.of(0));
  adam.free();
  set.free();
});

test('parameters beyond the limit on a binding lie in several segments, and train as in one', async () => {
  const limits = { ...gpu.adapter.limits, maxStorageBufferBindingSize: 1024 };
  const small = new Runtime({ device: gpu.device, adapter: { ...gpu.adapter, limits } });
  const values: Float32Array[] = [];
  for (const device of [small, gpu]) {
    const set = new ParameterSet(
      ENTRIES.concat({ name: 'long', shape: [200], data: new Float32Array(200).fill(4) }),
      device,
    );
    assert.is(set.segments.length, device === small ? 2 : 1);
    for (const name of set.names) fill(set.gradient(name), 0.25);
    const adam = new Adam(set, { clipNorm: 1 });
    const squaredNorm = await adam.step().read();
    assert.ok(Math.abs(squaredNorm[0]! - 330 / 16) < 1e-5, `${squaredNorm}`);
    const { steps, first, second } = await adam.state();
    adam.restore({ steps, first, second });
    adam.step();
    const read = await Promise.all(set.names.map((name) => set.get(name).read()));
    values.push(Float32Array.from(read.flatMap((part) => [...part])));
    assert.equal([...(await adam.state()).first.keys()], set.names);
  }
  assert.equal(values[0], values[1]);
});

test.run();

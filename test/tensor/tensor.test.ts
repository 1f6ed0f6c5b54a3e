import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fill } from '../../src/ops/elementwise';
import { Tensor } from '../../src/tensor/tensor';
import { assertRejects, assertThrows } from '../support/assert-rejects';
import { gpu } from '../support/gpu';

const counting = (count: number) => Float32Array.from({ length: count }, (_, i) => i);
const live = () => gpu.memory.use().live;

const isShapeError = (message: RegExp) => (error: Error) => error.name === 'ShapeError' && message.test(error.message);

test('what is written is read back, for every element type', async () => {
  const values = {
    f32: Float32Array.of(1.5, -0, NaN),
    i32: Int32Array.of(-1, 2, 3),
    u32: Uint32Array.of(2 ** 32 - 1, 0, 7),
  };
  for (const [dtype, data] of Object.entries(values)) {
    const tensor = Tensor.from(gpu, [3], data as Float32Array, dtype);
    const back = await tensor.read();
    assert.is(back.constructor, data.constructor);
    assert.ok(
      back.every((value, i) => Object.is(value, data[i])),
      `${dtype}: ${back}`,
    );
  }
  assert.equal([...(await Tensor.zeros(gpu, [2, 2]).read())], [0, 0, 0, 0]);
});

test('a view is the same memory with another shape and start', async () => {
  const tensor = Tensor.from(gpu, [3, 64], counting(192), 't');
  const reshaped = tensor.view([8, 24]);
  const part = tensor.view([2, 32], 64, 'row 1');
  const inner = part.view([64]);
  assert.equal(part.shape, [2, 32]);
  assert.is(part.label, 'row 1');
  assert.equal([...(await inner.read())], [...counting(192).subarray(64, 128)]);
  fill(inner, -1);
  const expected = counting(192).fill(-1, 64, 128);
  assert.equal(await reshaped.read(), expected);
  assert.equal(await tensor.read(), expected);
});

test('a view of a view starts where its own tensor starts', async () => {
  const tensor = Tensor.from(gpu, [256], counting(256), 't');
  assert.equal([...(await tensor.view([128], 128).view([2], 64).read())], [192, 193]);
});

test('views that cannot be bound or lie outside are refused', () => {
  const tensor = Tensor.from(gpu, [130], counting(130), 't');
  for (const [shape, start] of [
    [[131], 0],
    [[4], 128],
    [[2], 192],
    [[4], 1],
    [[4], 63],
    [[4], NaN],
    [[4], 0.25],
  ] as const) {
    assert.throws(
      () => tensor.view(shape, start),
      isShapeError(/a view \[\d+\] of t \[130\] cannot start at element \S+; .* within its 130/),
    );
  }
  const inner = tensor.view([64], 64);
  assert.throws(() => inner.view([4], -64), isShapeError(/cannot start at element -64/), 'what lies before it');
  for (const shape of [[0], [-4], [1.5], [2, NaN]]) {
    assert.throws(() => tensor.view(shape), isShapeError(/t cannot have the shape/));
  }
});

test('a copy is memory of its own', async () => {
  const tensor = Tensor.from(gpu, [4], counting(4), 't');
  const copy = tensor.copy('c');
  fill(tensor, 9);
  assert.equal([...(await copy.read())], [0, 1, 2, 3]);
  assert.is(copy.label, 'c');
});

test('shapes that are none, and data of another size, are refused', () => {
  for (const shape of [[0], [2, -1], [1.5], [NaN]]) {
    assert.throws(() => Tensor.empty(gpu, shape, 'odd'), isShapeError(/odd cannot have the shape/));
  }
  const before = live();
  const tensor = Tensor.empty(gpu, [2, 3], 'six');
  assert.throws(() => tensor.write(new Float32Array(5)), isShapeError(/six: expected 6 values for \[2, 3\], got 5/));
  tensor.free();
  assert.is(live(), before);
});

test('memory goes back once the last view is freed, and only once', () => {
  const before = live();
  const tensor = Tensor.empty(gpu, [1000], 't');
  assert.is(live() - before, 4096);
  const view = tensor.view([500]);
  tensor.free();
  assert.ok(tensor.freed);
  assert.not(view.freed);
  assert.is(live() - before, 4096);
  tensor.free();
  tensor.free();
  assert.is(live() - before, 4096, 'the view still holds it');
  view.free();
  assert.is(live(), before);
  view.free();
  assert.is(live(), before);
});

test('a freed tensor cannot be used, but its view can', async () => {
  const tensor = Tensor.from(gpu, [4], counting(4), 'gone');
  const view = tensor.view([4]);
  tensor.free();
  const uses = [
    () => tensor.slice,
    () => tensor.view([4]),
    () => tensor.copy(),
    () => tensor.write(counting(4)),
    () => fill(tensor, 0),
    () => tensor.read(),
  ];
  for (const use of uses) await assertRejects(use, 'UsageError', /tensor gone \[4\] was used after it was freed; /);
  assert.equal([...(await view.read())], [0, 1, 2, 3]);
});

test('the element type follows from the data, and other arrays are refused', async () => {
  assert.is(Tensor.from(gpu, [1], Int32Array.of(-1)).dtype, 'i32');
  assert.is(Tensor.from(gpu, [1], Uint32Array.of(1)).dtype, 'u32');
  assert.equal(await Tensor.from(gpu, [2], [1, 0.5]).read(), Float32Array.of(1, 0.5));
  for (const data of [new Float64Array(2), new Uint8Array(8), new DataView(new ArrayBuffer(8)), 'ab', undefined]) {
    const given = data as unknown as Float32Array;
    assertThrows(() => Tensor.from(gpu, [2], given, 'odd'), 'UsageError', /odd: expected a Float32Array/);
  }
  const words = Tensor.from(gpu, [1], Uint32Array.of(1), 'words');
  assertThrows(() => words.write(new Float32Array(1) as unknown as Uint32Array), 'UsageError', /words holds u32/);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Tape } from '../../src/autograd/tape';
import { leakyReluOp } from '../../src/ops/activation';
import { addInto, fill } from '../../src/ops/elementwise';
import { apply, type Op } from '../../src/ops/op';
import { scope } from '../../src/tensor/scope';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { assertThrows } from '../support/assert-rejects';
import { gpu, randomTensor } from '../support/gpu';

const SLOPE = 0.25;
const SHAPE = [2, 35];
const EXACT = 0;
const live = () => gpu.memory.use().live;

/** y = a + b */
const addOp: Op<'a' | 'b', void> = {
  name: 'add',
  saves: [],
  forward({ a, b }) {
    const y = a.copy('add');
    addInto(y, b);
    return y;
  },
  backward: (dy) => ({ a: () => dy.copy(), b: () => dy.copy() }),
};

/** y = a + b, which notes whose gradients were made; it saves both inputs. */
function spy() {
  const made: string[] = [];
  const op: Op<'a' | 'b', void, 'a' | 'b'> = {
    ...addOp,
    saves: ['a', 'b'],
    backward: (dy) => {
      const note = (name: string) => () => {
        made.push(name);
        return dy.copy();
      };
      return { a: note('a'), b: note('b') };
    },
  };
  return { op, made };
}

const onTape = (...watched: Tensor[]) => {
  const tape = new Tape();
  tape.watch(...watched);
  return {
    tape,
    leaky: (x: Tensor) => tape.run(() => apply(leakyReluOp, { x }, { slope: SLOPE })),
    sum: (a: Tensor, b: Tensor) => tape.run(() => apply(addOp, { a, b }, undefined)),
  };
};

test('gradients of a tensor that is used several times are added up', async () => {
  const [x, seed] = [randomTensor(SHAPE, 'x'), randomTensor(SHAPE, 'seed')];
  const [xs, seeds] = [await x.read(), await seed.read()];
  const { tape, leaky, sum } = onTape(x);
  const h = leaky(x);
  const y = sum(sum(h, x), sum(h, h)); // x + 3 leaky(x)
  assertClose(
    await y.read(),
    xs.map((v) => (v > 0 ? 4 * v : (1 + 3 * SLOPE) * v)),
    1e-6,
    'y',
  );
  const found = tape.backward([[y, seed]]);
  assertClose(
    await found.get(x)!.read(),
    seeds.map((s, i) => (xs[i] > 0 ? 4 : 1 + 3 * SLOPE) * s),
    1e-6,
    'dx',
  );
});

test('the same tensor as both inputs of one operation gets both gradients', async () => {
  const [x, seed] = [randomTensor(SHAPE, 'x'), randomTensor(SHAPE, 'seed')];
  const twice = (await seed.read()).map((s) => 2 * s);
  const { tape, sum } = onTape(x);
  const found = tape.backward([[sum(x, x), seed]]);
  assertClose(await found.get(x)!.read(), twice, EXACT, 'dx');
});

test('several outputs, one of them used further, one of them a leaf', async () => {
  const x = Tensor.from(gpu, [2], Float32Array.of(1, -1), 'x');
  const seedOf = (value: number) => Tensor.from(gpu, [2], Float32Array.of(value, value), 'seed');
  const { tape, leaky, sum } = onTape(x);
  const h = leaky(x);
  const y = sum(h, h);
  const found = tape.backward([
    [h, seedOf(100)],
    [y, seedOf(10)],
    [x, seedOf(1)],
  ]);
  assert.equal([...(await found.get(x)!.read())], [121, 1 + 120 * SLOPE]);
});

test('only the watched leaves have gradients, and only those that the output depends on', async () => {
  const [x, other, unused, seed] = ['x', 'other', 'unused', 'seed'].map((name) => randomTensor(SHAPE, name));
  const { op, made } = spy();
  const tape = new Tape();
  tape.watch(x, unused);
  const y = tape.run(() => apply(op, { a: x, b: other }, undefined));
  const found = tape.backward([[y, seed]]);
  assert.equal([...found.keys()], [x]);
  assert.equal(made, ['a'], 'no gradient is computed that nobody asked for');
});

test('a branch that no seed reaches is skipped', () => {
  const [x, seed] = [randomTensor(SHAPE, 'x'), randomTensor(SHAPE, 'seed')];
  const { op, made } = spy();
  const { tape, leaky } = onTape(x);
  tape.run(() => apply(op, { a: x, b: x }, undefined));
  const found = tape.backward([[leaky(x), seed]]);
  assert.equal(made, []);
  assert.equal([...found.keys()], [x]);
});

test('a caller may free what it made; the tape keeps what gradients read', async () => {
  const [x, seed] = [randomTensor(SHAPE, 'x'), randomTensor(SHAPE, 'seed')];
  const [xs, seeds] = [await x.read(), await seed.read()];
  const { tape, leaky } = onTape(x);
  const h = leaky(x);
  const y = leaky(h);
  h.free();
  const scratch = Tensor.empty(gpu, SHAPE); // would take over h's memory
  fill(scratch, -1);
  const found = tape.backward([[y, seed]]);
  assertClose(
    await found.get(x)!.read(),
    seeds.map((s, i) => (xs[i] > 0 ? s : SLOPE ** 2 * s)),
    1e-6,
    'dx',
  );
});

const ENDINGS: readonly (readonly [name: string, end: (tape: Tape, y: Tensor) => void])[] = [
  ['backward', (tape, y) => tape.backward([[y, randomTensor(SHAPE, 'seed')]]).forEach((gradient) => gradient.free())],
  ['backward from elsewhere', (tape) => tape.backward([]).forEach((gradient) => gradient.free())],
  ['free', (tape) => tape.free()],
];

for (const [name, end] of ENDINGS) {
  test(`after ${name} nothing that the tape kept is in memory`, () => {
    const x = randomTensor(SHAPE, 'x');
    const before = live();
    const { tape, leaky, sum } = onTape(x);
    const h = leaky(x);
    const more = leaky(h);
    const y = sum(more, h);
    for (const made of [h, more]) made.free();
    assert.ok(live() > before + 4 * y.size, 'leakyRelu keeps its output');
    end(tape, y);
    y.free();
    assert.is(live(), before);
  });
}

test('nothing is recorded, and nothing kept, that no watched tensor leads to', () => {
  const x = randomTensor(SHAPE, 'x');
  const before = live();
  const { tape, leaky } = onTape();
  leaky(x).free();
  assert.is(live(), before);
  assert.is(tape.backward([]).size, 0);
});

test('a tape runs backward once, and seeds are used up', () => {
  const [x, seed, again] = [randomTensor(SHAPE, 'x'), randomTensor(SHAPE, 'seed'), randomTensor(SHAPE, 'again')];
  const { tape, leaky } = onTape(x);
  const y = leaky(x);
  tape
    .backward([[y, seed]])
    .get(x)!
    .free();
  assert.ok(seed.freed);
  assertThrows(() => tape.backward([[y, again]]), 'UsageError', /backward already/);
});

test('a seed of another shape, and a gradient of another shape, are refused', () => {
  const x = randomTensor(SHAPE, 'x');
  const { tape, leaky } = onTape(x);
  const y = leaky(x);
  assertThrows(() => tape.backward([[y, randomTensor([35, 2], 'seed')]]), 'ShapeError', /gradient of leakyRelu/);
  const wrong: Op<'a' | 'b', void> = { ...addOp, name: 'wrong', backward: (dy) => ({ a: () => dy.view([35, 2]) }) };
  const other = new Tape();
  other.watch(x);
  const sum = other.run(() => apply(wrong, { a: x, b: x }, undefined));
  assertThrows(() => other.backward([[sum, randomTensor(SHAPE, 'seed')]]), 'ShapeError', /gradient of a that wrong/);
});

test('an operation that returns its input is refused', () => {
  const x = randomTensor(SHAPE, 'x');
  const same: Op<'x', void> = { name: 'same', saves: [], forward: ({ x }) => x, backward: (dy) => ({ x: () => dy }) };
  assertThrows(() => apply(same, { x }, undefined), 'UsageError', /same returned its input/);
});

test('what a tape keeps outlives the scopes in which it was recorded', async () => {
  const x = randomTensor(SHAPE, 'x');
  const { tape, leaky } = onTape(x);
  const y = scope(() => leaky(scope(() => leaky(x))));
  const gradient = tape.backward([[y, Tensor.from(gpu, SHAPE, new Float32Array(70).fill(1))]]).get(x)!;
  const expected = (await x.read()).map((value) => (value > 0 ? 1 : SLOPE ** 2));
  assertClose(await gradient.read(), expected, EXACT, 'gradient');
});

test('operations may return the gradient that they were given, once or for several inputs', async () => {
  const x = randomTensor(SHAPE, 'x');
  const sharing: Op<'a' | 'b', void> = { ...addOp, backward: (dy) => ({ a: () => dy, b: () => dy }) };
  const tape = new Tape();
  tape.watch(x);
  const y = tape.run(() => apply(sharing, { a: x, b: x }, undefined));
  const seed = randomTensor(SHAPE, 'seed');
  const expected = (await seed.read()).map((value) => 2 * value);
  assertClose(
    await tape
      .backward([[y, seed]])
      .get(x)!
      .read(),
    expected,
    EXACT,
    'gradient',
  );
});

test('gradients outlive the scope they are returned from, their temporaries do not', () => {
  const [x, seed] = [randomTensor(SHAPE, 'x'), randomTensor(SHAPE, 'seed')];
  const before = live();
  const found = scope(() => {
    const { tape, leaky } = onTape(x);
    return tape.backward([[leaky(leaky(leaky(x))), seed]]);
  });
  const gradient = found.get(x)!;
  assert.not(gradient.freed);
  gradient.free();
  assert.is(before - live(), 512, 'the seed');
});

test.run();

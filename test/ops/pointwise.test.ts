import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { add, mul } from '../../src/ops/math';
import { type Applied, recordedBy } from '../../src/ops/op';
import { pointwise } from '../../src/ops/pointwise';
import { assertRejects } from '../support/assert-rejects';
import { randomTensor } from '../support/gpu';

// Values and gradients are in operations.test.ts.

test('names may be those that a kernel of ours would use', async () => {
  const x = randomTensor([70], 'x');
  const odd = pointwise('odd', 'i + main * shape', { i: 'dy', main: 'dy * shape', shape: 'dy * main' });
  const values = await x.read();
  const expected = values.map((value) => value + Math.fround(value * value));
  (await odd(x, x, x).read()).forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) <= 1e-6 * (1 + Math.abs(expected[i]))),
  );
});

for (const [gradients, attributes, problem] of [
  [{ y: 'dy' }, [], /y is the result's name/],
  [{ a: 'dy', dy: 'dy' }, [], /dy is the result's name or its gradient's/],
  [{ while: 'dy' }, [], /while is a word of WGSL/],
  [{ a: 'dy' }, ['a'], /a is named twice/],
  [{ 'a b': 'dy' }, [], /'a b' is no name/],
  [{ __a: 'dy' }, [], /'__a' is no name/],
  [{ pointwise_a: 'dy' }, [], /begins with pointwise_/],
  [{ from: 'dy' }, [], /from is a word of WGSL/],
  [{ a: 'dy' }, ['let'], /let is a word/],
  [{}, [], /no input/],
] as const) {
  test(`names ${Object.keys(gradients)} with ${attributes} are refused`, () =>
    assertRejects(() => pointwise('odd', '0', gradients, attributes), 'UsageError', problem));
}

test('a call names what it lacks', async () => {
  const x = randomTensor([2], 'x');
  const scaled = pointwise('scaled', 'k * x', { x: 'k * dy' }, ['k']) as (...given: unknown[]) => unknown;
  for (const given of [[x], [x, {}], [x, { k: '2' }], [x, x, { k: 2 }], [{ k: 2 }], [x, undefined]]) {
    await assertRejects(() => scaled(...given), 'UsageError', /scaled needs the tensor x and the numbers { k }/);
  }
  await assertRejects(() => (mul as (...given: unknown[]) => unknown)(x), 'UsageError', /mul needs the tensors a, b;/);
});

test('shapes that do not broadcast are refused, with both tensors', () => {
  const refused = () => add(randomTensor([2, 3], 'left'), randomTensor([3, 2], 'right'));
  return assertRejects(refused, 'ShapeError', /add: a = left \[2, 3\] and b = right \[3, 2\] do not fit/);
});

test('a tape keeps what the gradients use, and no more', () => {
  const x = randomTensor([64], 'x');
  for (const [operation, saves] of [
    [pointwise('p', 'exp(x)', { x: 'dy * y' }), ['y']],
    [pointwise('q', 'a + b', { a: 'dy', b: 'dy' }), []],
    [pointwise('r', 'a * b', { a: 'dy * b', b: 'dy' }), ['b']],
  ] as const) {
    const seen: Applied[] = [];
    recordedBy({ record: (applied) => seen.push(applied) }, () => operation(...(saves[0] === 'y' ? [x] : [x, x])));
    assert.equal(
      seen.map(({ op }) => op.saves),
      [saves],
    );
  }
});

test.run();

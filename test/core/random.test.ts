import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { assertClose } from '../support/assert-close';

test('gives the words of the published xoshiro128**', () => {
  const random = Random.fromState([1, 2, 3, 4]);
  const words = Array.from({ length: 6 }, () => random.uint32());
  assert.equal(words, [11520, 0, 5927040, 70819200, 2031721883, 1637235492]);
});

test('a seed fixes the sequence, and near seeds are unrelated', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 8 }, () => random.uint32());
  };
  assert.equal(draw(7), draw(7));
  const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
  const first = new Set(seeds.map((seed) => draw(seed)[0]));
  assert.is(first.size, seeds.length);
});

test('resumes in mid-sequence, normals included', () => {
  const random = new Random(3);
  random.normal();
  const resumed = Random.fromState(JSON.parse(JSON.stringify(random.state())));
  for (let i = 0; i < 20; i++) assert.is(resumed.normal(), random.normal());
});

test('uniforms and normals have the moments they should', () => {
  const random = new Random(11);
  const n = 200_000;
  const uniforms = Array.from({ length: n }, () => random.uniform());
  const normals = Array.from({ length: n }, () => random.normal());
  const mean = (values: number[], power: number) => values.reduce((sum, v) => sum + v ** power, 0) / n;
  assert.ok(uniforms.every((u) => u >= 0 && u < 1));
  assertClose([mean(uniforms, 1), mean(uniforms, 2)], [1 / 2, 1 / 3], 5e-3, 'moments of uniform');
  assertClose(
    [1, 2, 3, 4].map((p) => mean(normals, p)),
    [0, 1, 0, 3],
    0.06,
    'moments of normal',
  );
});

test('integers are unbiased where 2^32 is far from a multiple of n', () => {
  const random = new Random(5);
  const n = 3 * 2 ** 30; // plain modulo would give the lowest third half of all draws
  let low = 0;
  for (let i = 0; i < 30_000; i++) {
    const value = random.integer(n);
    assert.ok(value >= 0 && value < n);
    if (value < 2 ** 30) low++;
  }
  assertClose(low / 30_000, 1 / 3, 0.015, 'share of the lowest third');
});

test('shuffle gives every order of three equally often, in place', () => {
  const random = new Random(9);
  const counts = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const array = ['a', 'b', 'c'];
    assert.is(random.shuffle(array), array);
    counts.set(array.join(''), (counts.get(array.join('')) ?? 0) + 1);
  }
  assert.is(counts.size, 6);
  for (const [order, count] of counts) assertClose(count / 12_000, 1 / 6, 0.015, `share of ${order}`);
});

test('refuses an invalid seed, count or state', () => {
  const named = (name: string) => (error: Error) => error.name === name;
  for (const seed of [0.5, NaN, Infinity]) assert.throws(() => new Random(seed), named('UsageError'));
  for (const n of [0, -1, 1.5, 2 ** 32 + 1]) assert.throws(() => new Random(1).integer(n), named('UsageError'));
  for (const state of [[], [1, 2, 3], [0, 0, 0, 0], [1, 2, 3, -4], [1, 2, 3, 0.5], [1, 2, 3, 2 ** 32]]) {
    assert.throws(() => Random.fromState(state), named('CheckpointError'));
  }
});

test.run();

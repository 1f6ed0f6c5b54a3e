import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { ScoreCounts } from '../../src/metrics/score-counts';

function counted(keys: Iterable<number>) {
  const [counts, expected] = [new ScoreCounts(), new Map<number, number>()];
  for (const key of keys) {
    counts.add(key);
    expected.set(key, (expected.get(key) ?? 0) + 1);
  }
  const found: [number, number][] = [];
  for (const _ of counts.visit((key, count) => found.push([key, count])));
  return { found, expected: [...expected].sort(([a], [b]) => a - b), total: counts.total };
}

test('few keys of a page and many are counted, in order', () => {
  const random = new Random(7);
  const few = Array.from({ length: 500 }, () => random.uint32());
  const many = Array.from({ length: 200_000 }, () => 0xfffe0000 + random.integer(70_000)); // one page and a part of the next
  const { found, expected, total } = counted([0, 0xffffffff, ...few, ...many]);
  assert.is(total, 200_502);
  assert.is(found.length, expected.length);
  assert.is(
    found.findIndex(([key, count], i) => key !== expected[i][0] || count !== expected[i][1]),
    -1,
  );
});

test('a key may occur more often than 16 bits can count, from the start or later on', () => {
  function* keys() {
    for (let i = 0; i < 150_000; i++) yield 9;
    for (let i = 0; i < 70_000; i++) yield 0x10000 + (i % 0xffff);
    for (let i = 0; i < 150_000; i++) yield 0x10005;
  }
  const { found, expected } = counted(keys());
  assert.is(found.length, expected.length);
  assert.equal([found[0], found[6]], [expected[0], expected[6]]);
  assert.equal(found[6], [0x10005, 150_002]);
});

test.run();

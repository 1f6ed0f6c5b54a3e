import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RecentMap } from '../../src/gpu/recent';

const KEYS = ['a', 'b', 'c', 'd'];

function full(onDrop?: (values: ReadonlySet<string>) => void): RecentMap<string> {
  const map = new RecentMap<string>(KEYS.length, onDrop);
  for (const key of KEYS) map.set(key, key.toUpperCase());
  return map;
}

const valuesIn = (map: RecentMap<string>) => [...KEYS, 'e'].filter((key) => map.get(key) !== undefined).join('');

test('one more than fits drops the half that was used longest ago', () => {
  const dropped: string[] = [];
  const map = full((values) => dropped.push(...values));
  assert.is(map.get('a'), 'A');
  map.set('e', 'E');
  assert.equal(dropped, ['B', 'C']);
  assert.is(map.size, 3);
  assert.is(valuesIn(map), 'ade');
});

test('what fits is kept, and what was removed by hand is not reported', () => {
  const map = full(() => assert.unreachable('nothing is dropped'));
  assert.is(valuesIn(map), 'abcd');
  map.remove((value) => value === 'B');
  assert.is(valuesIn(map), 'acd');
  map.set('e', 'E');
  assert.is(map.size, 4);
  map.clear();
  assert.is(map.size, 0);
});

test('however many are added, no more than the capacity are kept', () => {
  const map = full();
  for (let i = 0; i < 100; i++) {
    map.set(`${i}`, `${i}`);
    assert.ok(map.size <= KEYS.length);
    assert.is(map.get(`${i}`), `${i}`);
  }
});

test.run();

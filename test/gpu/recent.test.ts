import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RecentMap } from '../../src/gpu/recent';

const KEYS = ['a', 'b', 'c', 'd'];
const words = (key: string) => Uint32Array.from(key, (letter) => letter.charCodeAt(0));

function full(onDrop?: (values: ReadonlySet<string>) => void): RecentMap<string> {
  const map = new RecentMap<string>(KEYS.length, onDrop);
  for (const key of KEYS) map.set(words(key), 1, key.toUpperCase());
  return map;
}

const valuesIn = (map: RecentMap<string>) => [...KEYS, 'e'].filter((key) => map.get(words(key), 1) !== undefined).join('');

test('one more than fits drops the half that was used longest ago', () => {
  const dropped: string[] = [];
  const map = full((values) => dropped.push(...values));
  assert.is(map.get(words('a'), 1), 'A');
  map.set(words('e'), 1, 'E');
  assert.equal(dropped, ['B', 'C']);
  assert.is(map.size, 3);
  assert.is(valuesIn(map), 'ade');
});

test('what fits is kept, and what was removed by hand is not reported', () => {
  const map = full(() => assert.unreachable('nothing is dropped'));
  assert.is(valuesIn(map), 'abcd');
  map.remove((value) => value === 'B');
  assert.is(valuesIn(map), 'acd');
  map.set(words('e'), 1, 'E');
  assert.is(map.size, 4);
  map.clear();
  assert.is(map.size, 0);
});

test('however many are added, no more than the capacity are kept', () => {
  const map = full();
  for (let i = 0; i < 100; i++) {
    map.set(words(`${i}`), `${i}`.length, `${i}`);
    assert.ok(map.size <= KEYS.length);
    assert.is(map.get(words(`${i}`), `${i}`.length), `${i}`);
  }
});

test('keys with the same hash, or of which one begins like the other, are told apart', () => {
  const map = new RecentMap<number>(1000);
  const key = new Uint32Array(3);
  for (let i = 0; i < 900; i++) {
    key.set([i % 9, Math.floor(i / 9) * 0x01000193, 7]);
    map.set(key, 1 + (i % 3), i);
  }
  map.set(Uint32Array.of(1, 2), 2, -1);
  map.set(Uint32Array.of(1, 2), 1, -2);
  assert.is(map.get(Uint32Array.of(1, 2, 3), 2), -1);
  assert.is(map.get(Uint32Array.of(1, 2, 7), 3), undefined);
});

test.run();

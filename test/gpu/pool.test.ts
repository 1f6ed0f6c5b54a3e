import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Faults } from '../../src/gpu/faults';
import { BufferPool, MOST_POOLED } from '../../src/gpu/pool';

/** A pool over a device that only counts buffers. */
function countingPool(maxBytes = 4096) {
  const counts = { made: 0, destroyed: 0, roomMade: 0 };
  const createBuffer = ({ size }: { size: number }) => {
    counts.made++;
    return { size, destroy: () => counts.destroyed++ };
  };
  const faults = { createBuffer, throwIfAny: () => undefined } as unknown as Faults;
  const pool: BufferPool = new BufferPool(faults, maxBytes, () => {
    counts.roomMade++;
    pool.trim();
  });
  return { pool, counts };
}

test('sizes are rounded up to what bindings can start at', () => {
  const { pool } = countingPool();
  for (const [bytes, size] of [
    [4, 256],
    [256, 256],
    [257, 512],
    [0, 256],
    [4096, 4096],
  ]) {
    assert.is(pool.acquire(bytes, 't').size, size, `${bytes}`);
  }
});

test('a freed buffer serves the next request of its size, and no other', () => {
  const { pool, counts } = countingPool();
  const [a, b] = [pool.acquire(256, 'a'), pool.acquire(256, 'b')];
  assert.is.not(a, b);
  pool.release(a);
  const larger = pool.acquire(512, 'larger');
  assert.is.not(larger, a);
  assert.is(pool.acquire(200, 'again'), a);
  assert.is(counts.made, 3);
});

test('the same requests in the same order get the same buffers', () => {
  const { pool } = countingPool();
  const step = () => {
    const [a, b] = [pool.acquire(256, 'a'), pool.acquire(256, 'b')];
    pool.release(a);
    const c = pool.acquire(256, 'c');
    const d = pool.acquire(256, 'd');
    for (const buffer of [d, c, b]) pool.release(buffer);
    return [a, b, c, d];
  };
  step();
  const second = step();
  step().forEach((buffer, i) => assert.is(buffer, second[i], `request ${i}`));
});

test('live, pooled and peak bytes are what was asked for and given back', () => {
  const { pool } = countingPool();
  const a = pool.acquire(1000, 'a');
  const b = pool.acquire(256, 'b');
  pool.release(a);
  assert.equal(pool.use(), { live: 256, pooled: 1024, peak: 1280, peakReserved: 1280 });
  const c = pool.acquire(512, 'c');
  assert.equal(pool.use(), { live: 768, pooled: 1024, peak: 1280, peakReserved: 1792 });
  pool.resetPeak();
  assert.equal(pool.use(), { live: 768, pooled: 1024, peak: 768, peakReserved: 1792 });
  for (const buffer of [b, c]) pool.release(buffer);
  assert.equal(pool.use(), { live: 0, pooled: 1792, peak: 768, peakReserved: 1792 });
});

test('live memory is told by label whatever the shape, the largest first', () => {
  const { pool } = countingPool();
  const buffers = ['x [1, 2]', 'y [64]', 'x [3]', 'y', 'gone [2]', 'big [9]'].map((label, i) =>
    pool.acquire(i < 5 ? 256 : 2048, label),
  );
  pool.release(buffers[4]);
  pool.release(buffers[3]);
  const expected = [
    { label: 'big', bytes: 2048, count: 1 },
    { label: 'x', bytes: 512, count: 2 },
    { label: 'y', bytes: 256, count: 1 },
  ];
  assert.equal(pool.byLabel(), expected);
  pool.trim();
  assert.is(pool.acquire(256, 'z [1]').size, 256);
  assert.equal(pool.byLabel(), [...expected, { label: 'z', bytes: 256, count: 1 }]);
  assert.is(
    pool.byLabel().reduce((sum, { bytes }) => sum + bytes, 0),
    pool.use().live,
  );
});

test('trim gives pooled buffers back and leaves live ones', () => {
  const { pool, counts } = countingPool();
  const [a, b] = [pool.acquire(256, 'a'), pool.acquire(512, 'b')];
  pool.release(a);
  pool.trim();
  assert.is(counts.destroyed, 1);
  assert.equal(pool.use(), { live: 512, pooled: 0, peak: 768, peakReserved: 768 });
  assert.is.not(pool.acquire(256, 'c'), a);
  pool.release(b);
});

test('more than the adapter can bind is refused with the numbers, and not accounted', () => {
  const { pool, counts } = countingPool(1024);
  assert.throws(
    () => pool.acquire(1025, 'activations [1,2]'),
    (error: Error) => error.name === 'DeviceError' && /activations \[1,2\] needs 1025 bytes, .*1024/.test(error.message),
  );
  assert.is(counts.made, 0);
  assert.is(pool.use().live, 0);
});

test('buffers of sizes no longer in use are freed before the pool exceeds twice the live bytes and a little', () => {
  const { pool, counts } = countingPool(2 ** 40);
  const MiB = 2 ** 20;
  const largest = 300 * MiB;
  const bound = 2 * largest + MOST_POOLED;
  for (let size = 100 * MiB; size <= largest; size += MiB) {
    pool.release(pool.acquire(size, 'an image'));
    const { live, pooled } = pool.use();
    assert.ok(live + pooled <= bound, `${(live + pooled) / MiB} MiB`);
  }
  assert.ok(counts.roomMade > 0);
  const { roomMade } = counts;
  assert.ok(roomMade < 201 / 3, `${roomMade} times for 201 sizes`);
});

test('a step that is repeated keeps its buffers, however large it is', () => {
  const { pool, counts } = countingPool(2 ** 40);
  const sizes = Array.from({ length: 40 }, (_, i) => (100 + i) * 2 ** 20);
  const step = () => sizes.map((size) => pool.acquire(size, 't')).forEach((buffer) => pool.release(buffer));
  step();
  const { made } = counts;
  step();
  assert.equal(counts, { made, destroyed: 0, roomMade: 0 });
});

test.run();

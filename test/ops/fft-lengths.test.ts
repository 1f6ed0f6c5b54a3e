import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fftRadices, nearestFftLengths, requireRadices } from '../../src/ops/fft-lengths';

/** Whether 2, 3, 5 and 7 are all the prime factors of n: by trial division. */
function isSmooth(n: number): boolean {
  for (const prime of [2, 3, 5, 7]) while (n > 1 && n % prime === 0) n /= prime;
  return n === 1;
}

test('the radices of every length to 4096 multiply to it, or it has a factor above 7', () => {
  for (let length = 1; length <= 4096; length++) {
    const radices = fftRadices(length);
    assert.is(radices !== undefined, isSmooth(length), `${length}`);
    if (!radices) continue;
    assert.is(
      radices.reduce((product, radix) => product * radix, 1),
      length,
      `${length}`,
    );
    assert.ok(
      radices.every((radix) => radix >= 2 && radix <= 7),
      `${length}: ${radices}`,
    );
  }
});

test('radix 4 is taken before 2, for fewer passes', () => {
  assert.equal(fftRadices(2048), [4, 4, 4, 4, 4, 2]);
  assert.equal(fftRadices(256), [4, 4, 4, 4]);
  assert.equal(fftRadices(1), []);
});

test('what is no length has no radices', () => {
  for (const length of [0, -8, 2.5, NaN, Infinity]) assert.is(fftRadices(length), undefined, `${length}`);
});

test('good sizes are the nearest ones, multiples of the step', () => {
  assert.equal(nearestFftLengths(11), { smaller: 10, larger: 12 });
  assert.equal(nearestFftLengths(256), { smaller: 256, larger: 256 });
  assert.equal(nearestFftLengths(2047), { smaller: 2025, larger: 2048 });
  assert.equal(nearestFftLengths(88, 8), { smaller: 80, larger: 96 });
  assert.equal(nearestFftLengths(900, 8), { smaller: 896, larger: 960 });
  assert.equal(nearestFftLengths(3, 8), { smaller: 8, larger: 8 });
});

test('a length that cannot be is refused with the good ones', () => {
  assert.equal(requireRadices(6, 'a side'), [2, 3]);
  assert.throws(() => requireRadices(22, 'a side'), /a side of 22 .* use 21 or 24/);
  assert.throws(
    () => requireRadices(13, 'a side'),
    (error: Error) => error.name === 'ShapeError',
  );
});

test.run();

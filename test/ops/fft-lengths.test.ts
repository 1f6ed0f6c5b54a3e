import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fftRadices } from '../../src/ops/fft-lengths';

test('the radices of every length to 4096 multiply to it, and are 4 or its prime factors', () => {
  for (let length = 1; length <= 4096; length++) {
    const radices = fftRadices(length);
    assert.is(
      radices.reduce((product, radix) => product * radix, 1),
      length,
      `${length}`,
    );
    for (const radix of radices) {
      for (let factor = 2; factor * factor <= radix; factor++) assert.ok(radix === 4 || radix % factor !== 0, `${length}`);
    }
  }
});

test('radix 4 is taken before 2, for fewer passes, and large primes last', () => {
  assert.equal(fftRadices(2048), [4, 4, 4, 4, 4, 2]);
  assert.equal(fftRadices(256), [4, 4, 4, 4]);
  assert.equal(fftRadices(1), []);
  assert.equal(fftRadices(2 * 3 * 11 * 13 * 13), [2, 3, 11, 13, 13]);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { argsortDescending } from '../../src/metrics/argsort';

function bruteForce(scores: Float32Array): number[] {
  return Array.from(scores.keys()).sort((a, b) => (scores[a] === scores[b] ? a - b : scores[a] > scores[b] ? -1 : 1));
}

test('orders awkward floats: infinities, both zeros, subnormals, ties, negatives', () => {
  const scores = Float32Array.of(0, -1, 1e-45, -0, Infinity, -1e-45, 3, 3, -Infinity, -2, 3.4e38, -3.4e38, 0, -0);
  assert.equal(Array.from(argsortDescending(scores)), bruteForce(scores));
});

test('agrees with a comparison sort on random bits, with ties', () => {
  const random = new Random(1);
  const words = Uint32Array.from({ length: 20_000 }, () => random.uint32());
  const anyFloats = new Float32Array(words.buffer).map((value) => (Number.isNaN(value) ? 0 : value));
  const fewLevels = Float32Array.from({ length: 5000 }, () => random.integer(7) - 3);
  for (const scores of [anyFloats, fewLevels]) {
    const [actual, expected] = [argsortDescending(scores), bruteForce(scores)];
    assert.is(
      actual.findIndex((index, i) => index !== expected[i]),
      -1,
    );
  }
});

test('sorts zero scores and one score', () => {
  assert.is(argsortDescending(new Float32Array(0)).length, 0);
  assert.equal(Array.from(argsortDescending(Float32Array.of(5))), [0]);
});

test('names the first NaN, of either sign', () => {
  const negativeNaN = new Float32Array(Uint32Array.of(0xffc00000).buffer)[0];
  for (const nan of [NaN, negativeNaN]) {
    const isNamed = (error: Error) => error.name === 'NumericError' && /^score 2 of 5 is NaN/.test(error.message);
    assert.throws(() => argsortDescending(Float32Array.of(1, 2, nan, 4, nan)), isNamed);
  }
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quantile, ratioOfMedians, summarise } from '../../benchmarks/suite/statistics';
import { median } from '../../src/core/statistics';

test('quantiles are those of numpy', () => {
  const values = [7, 1, 3, 10, 4];
  for (const [q, expected] of [
    [0, 1],
    [0.1, 1.8],
    [0.25, 3],
    [0.5, 4],
    [0.9, 8.8],
    [1, 10],
  ]) {
    assert.ok(Math.abs(quantile(values, q) - expected) < 1e-12, `${q}: ${quantile(values, q)}`);
  }
  assert.is(median([2, 1]), 1.5);
  assert.equal(values, [7, 1, 3, 10, 4], 'the samples keep their order');
});

test('a summary has median, quantiles, minimum and the median of the deviations', () => {
  const { mad, ...rest } = summarise([1, 2, 3, 4, 100]);
  assert.is(mad, 1);
  assert.is(rest.median, 3);
  assert.is(rest.min, 1);
  assert.ok(rest.p90 > 4 && rest.p90 < 100);
});

test('the interval of a ratio holds it, is the same each time, and narrows with the noise', () => {
  const noisy = (scale: number, noise: number) =>
    Array.from({ length: 20 }, (_, i) => scale * (1 + noise * Math.sin(7 * i)));
  const wide = ratioOfMedians(noisy(1, 0.2), noisy(2, 0.2));
  const narrow = ratioOfMedians(noisy(1, 0.01), noisy(2, 0.01));
  for (const { ratio, low, high } of [wide, narrow]) {
    assert.ok(Math.abs(ratio - 2) < 1e-12);
    assert.ok(low <= ratio && ratio <= high);
  }
  assert.ok(narrow.high - narrow.low < (wide.high - wide.low) / 5);
  assert.equal(ratioOfMedians(noisy(1, 0.2), noisy(2, 0.2)), wide);
});

test('with one sample a side, every resample is that sample', () => {
  assert.equal(ratioOfMedians([4], [2]), { ratio: 0.5, low: 0.5, high: 0.5 });
});

test.run();

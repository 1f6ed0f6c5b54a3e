import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { bestF1Threshold, thresholdFromGood } from '../../src/inspection/threshold';
import { assertClose } from '../support/assert-close';

function f1At(threshold: number, scores: Float32Array, labels: Uint8Array): number {
  let [hits, alarms, positives] = [0, 0, 0];
  scores.forEach((score, i) => {
    if (labels[i]) positives++;
    if (score > threshold) alarms++;
    if (labels[i] && score > threshold) hits++;
  });
  return (2 * hits) / (alarms + positives);
}

test('the best F1 is the best over all thresholds, and its threshold attains it', () => {
  const random = new Random(8);
  for (const levels of [1, 4, 1000]) {
    const labels = Uint8Array.from({ length: 60 }, () => random.integer(2));
    const scores = Float32Array.from(labels, (label) => Math.round((random.normal() + label) * levels) / levels);
    const best = bestF1Threshold(scores, labels)!;
    const all = [-Infinity, ...scores].map((threshold) => f1At(threshold, scores, labels));
    assertClose(best.f1, Math.max(...all), 1e-15, `${levels} levels`);
    assertClose(f1At(best.threshold, scores, labels), best.f1, 1e-15, `attained, ${levels} levels`);
  }
});

test('cuts halfway through the gap, and below all scores where all are anomalous', () => {
  const split = bestF1Threshold(Float32Array.of(1, 2, 6, 8), Uint8Array.of(0, 0, 1, 1))!;
  assert.equal(split, { threshold: 4, f1: 1, precision: 1, recall: 1 });
  for (const score of [0, -5, 3e38]) {
    const all = bestF1Threshold(Float32Array.of(score, score), Uint8Array.of(1, 1))!;
    assert.is(all.f1, 1);
    assert.ok(all.threshold < score, `${all.threshold} is below ${score}`);
  }
  assert.is(bestF1Threshold(Float32Array.of(1, 2), Uint8Array.of(0, 0)), null);
});

test('takes the conformal rank: of 19 scores at 10 %, the 18th', () => {
  const scores = Float32Array.from(new Random(1).shuffle(Array.from({ length: 19 }, (_, i) => i + 1)));
  assert.equal(thresholdFromGood(scores, 0.1), { threshold: 18, rule: 'conformal' });
  assert.equal(thresholdFromGood(scores, 0.05), { threshold: 19, rule: 'conformal' });
  assert.is(thresholdFromGood(scores, 0.049).rule, 'gumbel');
});

test('keeps its false-alarm rate on new good parts, by either rule', () => {
  const random = new Random(12);
  const gumbel = () => 5 - 2 * Math.log(-Math.log(1 - random.uniform()));
  for (const [n, rate, rule] of [
    [99, 0.05, 'conformal'],
    [60, 0.01, 'gumbel'],
  ] as const) {
    let mean = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const good = thresholdFromGood(Float32Array.from({ length: n }, gumbel), rate);
      assert.is(good.rule, rule);
      mean += (1 - Math.exp(-Math.exp(-(good.threshold - 5) / 2))) / 2000; // the true rate above this threshold
    }
    assert.ok(mean < rate * 1.1, `${rule}: ${mean} false alarms where ${rate} were allowed`);
    assert.ok(mean > rate * 0.4, `${rule}: ${mean} is needlessly strict for ${rate}`);
  }
});

test('equal good scores give that score, and extrapolation never falls below the highest', () => {
  assert.equal(thresholdFromGood(new Float32Array(5).fill(2)), { threshold: 2, rule: 'gumbel' });
  const outlier = Float32Array.of(...Array<number>(60).fill(0), 1e4);
  assert.is(thresholdFromGood(outlier).threshold, 1e4);
});

test('refuses NaN, infinity, too few scores and impossible rates', () => {
  const named = (name: string) => (error: Error) => error.name === name;
  assert.throws(() => thresholdFromGood(Float32Array.of(1, NaN, 2)), /^score 1 of 3 is NaN/);
  assert.throws(() => bestF1Threshold(Float32Array.of(Infinity, 1), Uint8Array.of(1, 0)), named('NumericError'));
  assert.throws(() => thresholdFromGood(Float32Array.of(1)), named('DataError'));
  for (const rate of [0, 1, -0.1, NaN]) {
    assert.throws(() => thresholdFromGood(Float32Array.of(1, 2), rate), named('UsageError'));
  }
});

test.run();

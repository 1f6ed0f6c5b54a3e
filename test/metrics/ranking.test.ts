import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { argsortDescending } from '../../src/metrics/argsort';
import { auroc, PrecisionSum, visitThresholds } from '../../src/metrics/ranking';
import { assertClose } from '../support/assert-close';

function averagePrecision(scores: Float32Array, labels: Uint8Array): number | null {
  const precision = new PrecisionSum();
  visitThresholds(scores, labels, argsortDescending(scores), (tp, fp) => precision.add(tp, fp));
  return precision.result();
}

/** Over all pairs of an anomalous and a normal score: the share in the right order, ties half. */
function aurocOverPairs(scores: Float32Array, labels: Uint8Array): number {
  let [wins, pairs] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    for (let j = 0; j < scores.length; j++) {
      if (labels[i] === 0 || labels[j] !== 0) continue;
      pairs++;
      if (scores[i] > scores[j]) wins++;
      else if (scores[i] === scores[j]) wins += 0.5;
    }
  }
  return wins / pairs;
}

/** The mean over anomalous scores of the precision at that score as the threshold. */
function precisionAtEachPositive(scores: Float32Array, labels: Uint8Array): number {
  let [sum, positives] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    if (labels[i] === 0) continue;
    positives++;
    const above = scores.map((score) => (score >= scores[i] ? 1 : 0));
    sum += above.reduce((hits, a, j) => hits + (labels[j] === 0 ? 0 : a), 0) / above.reduce((a, b) => a + b, 0);
  }
  return sum / positives;
}

test('both agree with the definition over all pairs, without ties and with many', () => {
  const random = new Random(2);
  for (const levels of [0, 1, 2, 9, 40]) {
    for (const share of [0.02, 0.5, 0.97]) {
      const labels = Uint8Array.from({ length: 301 }, () => (random.uniform() < share ? 1 + random.integer(255) : 0));
      labels.set([0, 255]); // both classes are there
      const scores = Float32Array.from(labels, (label) => {
        const score = random.normal() + (label ? 0.7 : 0);
        return levels ? Math.round(score * levels) / levels : score;
      });
      const name = `${levels} levels, ${share} anomalous`;
      assertClose(auroc(scores, labels)!, aurocOverPairs(scores, labels), 1e-12, `AUROC, ${name}`);
      assertClose(averagePrecision(scores, labels)!, precisionAtEachPositive(scores, labels), 1e-12, `AP, ${name}`);
    }
  }
});

test('closed forms: perfect, reversed, constant', () => {
  const labels = Uint8Array.of(1, 0, 0, 1);
  const cases: [number[], number, number][] = [
    [[9, 1, 2, 8], 1, 1],
    [[1, 8, 9, 2], 0, (1 / 3 + 2 / 4) / 2],
    [[5, 5, 5, 5], 0.5, 0.5],
    [[0, -0, 0, -0], 0.5, 0.5],
  ];
  for (const [scores, area, precision] of cases) {
    assertClose(auroc(Float32Array.from(scores), labels)!, area, 1e-15, `AUROC of ${scores}`);
    assertClose(averagePrecision(Float32Array.from(scores), labels)!, precision, 1e-15, `AP of ${scores}`);
  }
});

test('is undefined, not zero, where a class is missing', () => {
  const scores = Float32Array.of(1, 2);
  assert.is(auroc(scores, Uint8Array.of(0, 0)), null);
  assert.is(auroc(scores, Uint8Array.of(1, 1)), null);
  assert.is(auroc(new Float32Array(0), new Uint8Array(0)), null);
  assert.is(averagePrecision(scores, Uint8Array.of(0, 0)), null);
  assert.is(averagePrecision(scores, Uint8Array.of(1, 1)), 1);
});

test('millions of pixels keep their exact counts', () => {
  const n = 3_000_000; // the area, 2.25e12 pairs, is far beyond 32 bits
  const scores = Float32Array.from({ length: n }, (_, i) => i % 1000);
  const labels = Uint8Array.from({ length: n }, (_, i) => (i % 1000 >= 500 ? 1 : 0));
  assert.is(auroc(scores, labels), 1);
  assert.is(averagePrecision(scores, labels), 1);
});

test('refuses arrays of different length', () => {
  assert.throws(
    () => auroc(new Float32Array(3), new Uint8Array(2)),
    (e: Error) => e.name === 'ShapeError',
  );
});

test.run();

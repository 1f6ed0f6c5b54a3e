import { PyramidFlowError } from '../core/errors';
import { argsortDescending } from '../metrics/argsort';
import { visitThresholds } from '../metrics/ranking';

/** An image is called anomalous when its score is greater than the threshold. */
export interface Threshold {
  threshold: number;
}

export interface BestF1 extends Threshold {
  f1: number;
  precision: number;
  recall: number;
}

/**
 * The threshold of highest F1 on labelled images, half way between the lowest score it flags and the next below.
 * Among equals the highest threshold wins, which gives the fewest alarms. It has seen the labels: an upper bound.
 *
 * @returns null where no image is anomalous, which leaves F1 undefined. Throws ShapeError, NumericError.
 */
export function bestF1Threshold(scores: Float32Array, labels: Uint8Array): BestF1 | null {
  requireFinite(scores);
  const order = argsortDescending(scores);
  const positives = labels.reduce((count, label) => count + (label === 0 ? 0 : 1), 0);
  if (positives === 0) return null;
  let best = { f1: -1, precision: 0, recall: 0, flagged: 0 };
  visitThresholds(scores, labels, order, (truePositives, falsePositives) => {
    const flagged = truePositives + falsePositives;
    const f1 = (2 * truePositives) / (flagged + positives);
    if (f1 > best.f1) best = { f1, precision: truePositives / flagged, recall: truePositives / positives, flagged };
  });
  const { flagged, ...quality } = best;
  const lowest = scores[order[flagged - 1]!]!;
  const lowerEnd = lowest > 0 ? 0 : lowest - 1; // a threshold for scores above 0 is itself above 0
  const below = flagged < order.length ? scores[order[flagged]!]! : lowerEnd;
  return { threshold: (lowest + below) / 2, ...quality };
}

export interface GoodThreshold extends Threshold {
  /** 'conformal': guaranteed by the number of good scores alone; 'gumbel': extrapolated beyond the highest of them. */
  rule: 'conformal' | 'gumbel';
}

/**
 * A threshold from good images alone, held out from training (scores of training images run low).
 *
 * With n scores and k = ceil((n + 1)(1 - rate)) <= n, the k-th smallest is the split-conformal threshold: a further
 * good image of the same process exceeds it with a chance of at most `falseAlarmRate`, whatever the distribution. A
 * rate too small for n scores is extrapolated: an image's score is the maximum over its map and so follows about
 * a Gumbel law; its quantile, fitted by moments, is taken, or the highest score where that is higher.
 *
 * @throws DataError for fewer than two scores and for scores that are all 0, UsageError for a rate outside (0, 1),
 *   NumericError for NaN or infinity
 */
export function thresholdFromGood(scores: Float32Array, falseAlarmRate = 0.01): GoodThreshold {
  if (!(falseAlarmRate > 0 && falseAlarmRate < 1)) {
    throw new PyramidFlowError('UsageError', `false-alarm rate ${falseAlarmRate} is outside (0, 1)`, 'pass e.g. 0.01');
  }
  if (scores.length < 2) {
    throw new PyramidFlowError(
      'DataError',
      `a threshold needs at least two good images, got ${scores.length}`,
      'add good images',
    );
  }
  requireFinite(scores);
  if (scores.every((score) => score === 0)) {
    const problem = `all ${scores.length} good images score 0, as copies of one image do`;
    throw new PyramidFlowError('DataError', problem, 'give different images of good parts');
  }
  const n = scores.length;
  const order = argsortDescending(scores);
  const rank = Math.ceil((n + 1) * (1 - falseAlarmRate));
  if (rank <= n) return { threshold: scores[order[n - rank]!]!, rule: 'conformal' };
  return { threshold: Math.max(scores[order[0]!]!, gumbelQuantile(scores, 1 - falseAlarmRate)), rule: 'gumbel' };
}

const EULER_MASCHERONI = 0.5772156649015329;

/** Quantile of the Gumbel law that has the mean and the variance of the sample. */
function gumbelQuantile(sample: Float32Array, probability: number): number {
  const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
  const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sample.length - 1);
  const scale = Math.sqrt(6 * variance) / Math.PI;
  return mean - scale * (EULER_MASCHERONI + Math.log(-Math.log(probability)));
}

function requireFinite(scores: Float32Array): void {
  const at = scores.findIndex((score) => !Number.isFinite(score));
  if (at < 0) return;
  throw new PyramidFlowError(
    'NumericError',
    `score ${at} of ${scores.length} is ${scores[at]}`,
    'look for non-finite values in the model and in the image that gave it',
  );
}

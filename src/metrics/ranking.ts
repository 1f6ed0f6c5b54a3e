import { PyramidFlowError } from '../core/errors';
import { argsortDescending } from './argsort';

/** Called once for each distinct score, from the highest down, with the counts of labels at or above it. */
type ThresholdVisitor = (truePositives: number, falsePositives: number) => void;

/**
 * Area under the ROC curve: the chance that an anomalous score exceeds a normal one, ties counted half.
 *
 * @param labels nonzero where anomalous
 * @param order `argsortDescending(scores)`, where the caller has it already
 * @returns null where only one class is present, which leaves it undefined. Throws ShapeError, NumericError (NaN).
 */
export function auroc(
  scores: Float32Array,
  labels: Uint8Array,
  order: Uint32Array = argsortDescending(scores),
): number | null {
  let area = 0; // in units of one positive times one negative
  let previousTrue = 0;
  let previousFalse = 0;
  visitThresholds(scores, labels, order, (truePositives, falsePositives) => {
    area += ((falsePositives - previousFalse) * (truePositives + previousTrue)) / 2;
    previousTrue = truePositives;
    previousFalse = falsePositives;
  });
  return previousTrue > 0 && previousFalse > 0 ? area / previousTrue / previousFalse : null;
}

/**
 * Average precision: precision at each distinct threshold, weighted by the recall gained there, without interpolation.
 * Parameters and errors as for `auroc`.
 *
 * @returns null where nothing is anomalous, which leaves recall undefined
 */
export function averagePrecision(
  scores: Float32Array,
  labels: Uint8Array,
  order: Uint32Array = argsortDescending(scores),
): number | null {
  let sum = 0;
  let previousTrue = 0;
  visitThresholds(scores, labels, order, (truePositives, falsePositives) => {
    sum += (truePositives - previousTrue) * (truePositives / (truePositives + falsePositives));
    previousTrue = truePositives;
  });
  return previousTrue > 0 ? sum / previousTrue : null;
}

/** Walks the distinct scores downwards. Throws ShapeError where scores and labels differ in number. */
export function visitThresholds(
  scores: Float32Array,
  labels: Uint8Array,
  order: Uint32Array,
  visit: ThresholdVisitor,
): void {
  requireSameLength('scores', scores, 'labels', labels);
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = 0; i < order.length; i++) {
    if (labels[order[i]] === 0) falsePositives++;
    else truePositives++;
    if (isLastOfTie(scores, order, i)) visit(truePositives, falsePositives);
  }
}

/** Whether place `i` of the order ends a run of equal scores: only there is a threshold possible. */
export function isLastOfTie(scores: Float32Array, order: Uint32Array, i: number): boolean {
  return i + 1 === order.length || scores[order[i + 1]] !== scores[order[i]];
}

/** Throws ShapeError where two arrays that go together differ in length. */
export function requireSameLength(
  nameA: string,
  a: { readonly length: number },
  nameB: string,
  b: { readonly length: number },
): void {
  if (a.length === b.length) return;
  throw new PyramidFlowError('ShapeError', `${a.length} ${nameA} but ${b.length} ${nameB}`, 'pass one for one');
}

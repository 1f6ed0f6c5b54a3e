import { PyramidFlowError } from '../core/errors';
import { argsortDescending } from './argsort';

/** Called once for each distinct score, from the highest down, with the counts of labels at or above it. */
type ThresholdVisitor = (truePositives: number, falsePositives: number) => void;

/** Integrates the ROC curve, from the highest threshold down. */
export class RocArea {
  private area = 0; // in units of one positive times one negative
  private truePositives = 0;
  private falsePositives = 0;

  add(truePositives: number, falsePositives: number): void {
    this.area += ((falsePositives - this.falsePositives) * (truePositives + this.truePositives)) / 2;
    this.truePositives = truePositives;
    this.falsePositives = falsePositives;
  }

  /** The area, or null where only one class is present. */
  result(): number | null {
    const { area, truePositives, falsePositives } = this;
    return truePositives > 0 && falsePositives > 0 ? area / truePositives / falsePositives : null;
  }
}

/** Average precision: precision at each distinct threshold, weighted by the recall gained there, without interpolation. */
export class PrecisionSum {
  private sum = 0;
  private truePositives = 0;

  add(truePositives: number, falsePositives: number): void {
    this.sum += (truePositives - this.truePositives) * (truePositives / (truePositives + falsePositives));
    this.truePositives = truePositives;
  }

  /** The mean, or null where nothing is anomalous. */
  result(): number | null {
    return this.truePositives > 0 ? this.sum / this.truePositives : null;
  }
}

/**
 * Area under the ROC curve: the chance that an anomalous score exceeds a normal one, ties counted half.
 *
 * @param labels nonzero where anomalous
 * @returns null where only one class is present, which leaves it undefined
 * @throws ShapeError where scores and labels differ in number, NumericError at a NaN
 */
export function auroc(scores: Float32Array, labels: Uint8Array): number | null {
  const roc = new RocArea();
  visitThresholds(scores, labels, argsortDescending(scores), (tp, fp) => roc.add(tp, fp));
  return roc.result();
}

/**
 * Calls `visit` at each distinct score, from the highest down.
 *
 * @param order `argsortDescending(scores)`
 * @throws ShapeError where scores and labels differ in number
 */
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
    if (labels[order[i]!] === 0) falsePositives++;
    else truePositives++;
    if (scores[order[i + 1]!] !== scores[order[i]!]) visit(truePositives, falsePositives); // the last of equal scores
  }
}

/** Throws ShapeError where two arrays that belong together differ in length. */
export function requireSameLength(
  nameA: string,
  a: { readonly length: number },
  nameB: string,
  b: { readonly length: number },
): void {
  if (a.length === b.length) return;
  throw new PyramidFlowError('ShapeError', `${a.length} ${nameA} but ${b.length} ${nameB}`, 'pass as many of each');
}

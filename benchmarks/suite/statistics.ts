import { Random } from '../../src/core/random';
import { median } from '../../src/core/statistics';

/** What the samples of an entry say, in their unit. */
export interface Summary {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly min: number;
  /** median absolute deviation from the median */
  readonly mad: number;
}

/** The q-quantile, linear between neighbours (Hyndman and Fan's type 7, numpy's default). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

export function summarise(values: readonly number[]): Summary {
  const middle = median(values);
  return {
    median: middle,
    p10: quantile(values, 0.1),
    p90: quantile(values, 0.9),
    min: Math.min(...values),
    mad: median(values.map((value) => Math.abs(value - middle))),
  };
}

/** A ratio of medians and the interval that holds it with 95 % confidence. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;

/**
 * median(b) / median(a) with its percentile bootstrap interval (Efron, 1979): both are drawn again with replacement, 2000
 * times, by a seeded generator, so the same samples give the same interval.
 */
export function ratioOfMedians(a: readonly number[], b: readonly number[], seed = 1): Ratio {
  const random = new Random(seed);
  const drawn = (values: readonly number[]) => median(values.map(() => values[random.integer(values.length)]));
  const ratios = Array.from({ length: RESAMPLES }, () => drawn(b) / drawn(a));
  return { ratio: median(b) / median(a), low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) };
}

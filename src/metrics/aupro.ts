import { PyramidFlowError } from '../core/errors';
import type { PixelRanking } from './pixel-ranking';

/** The limits of false positive rate to report: the two that are usual, and the whole range, as in the paper's table. */
export const AUPRO_LIMITS = [0.3, 0.05, 1] as const;

/**
 * Area under the per-region-overlap curve (Bergmann et al., IJCV 2021, section 5.2), for false positive rates from 0 to a
 * limit, divided by the limit. The overlap is the mean over all 8-connected anomalous regions of the share of the region
 * at or above the threshold. Exact: every distinct score is a threshold, and the curve is linear in between. Where several
 * thresholds have the rate at which the curve ends, the highest of their overlaps counts.
 *
 * Integrates by trapezoids, from the highest threshold down.
 */
export class OverlapArea {
  private area = 0; // up to the last point before the limit
  private rate = 0;
  private overlap = 0;
  private endOverlap = -1; // at the limit; negative until the curve reaches it

  /** Throws UsageError for a limit outside (0, 1]. */
  constructor(
    private readonly limit: number,
    private readonly pixels: Pick<PixelRanking, 'negatives' | 'regions'>,
  ) {
    if (limit > 0 && limit <= 1) return;
    throw new PyramidFlowError(
      'UsageError',
      `expected an AUPRO limit above 0 and up to 1, got ${limit}`,
      'pass for example 0.3',
    );
  }

  /** @param overlapSum over all regions */
  add(falsePositives: number, overlapSum: number): void {
    const { limit } = this;
    const rate = falsePositives / this.pixels.negatives;
    const overlap = overlapSum / this.pixels.regions;
    if (rate < limit) {
      this.area += ((rate - this.rate) * (overlap + this.overlap)) / 2;
      this.rate = rate;
      this.overlap = overlap;
    } else if (rate === limit) {
      this.endOverlap = overlap;
    } else if (this.endOverlap < 0) {
      this.endOverlap = this.overlap + ((overlap - this.overlap) * (limit - this.rate)) / (rate - this.rate);
    }
  }

  /** The area, or null where no pixel is anomalous or none is normal. */
  result(): number | null {
    const { area, limit, rate, endOverlap, overlap, pixels } = this;
    if (pixels.regions === 0 || pixels.negatives === 0) return null;
    return (area + ((limit - rate) * (endOverlap + overlap)) / 2) / limit;
  }
}

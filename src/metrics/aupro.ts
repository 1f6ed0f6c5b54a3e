import { PyramidFlowError } from '../core/errors';
import { argsortDescending } from './argsort';
import { isLastOfTie, requireSameLength } from './ranking';
import { labelRegions } from './regions';

/** The limits of false-positive rate to report: the field's two, and the whole range, as the paper's table has it. */
export const AUPRO_LIMITS = [0.3, 0.05, 1] as const;

/**
 * Area under the per-region-overlap curve (Bergmann et al., IJCV 2021, section 5.2), for false-positive rates from 0 to
 * each limit, divided by the limit. The overlap is the mean over all 8-connected anomalous regions of the share of the
 * region at or above the threshold. Exact: every distinct score is a threshold, and the curve is linear in between.
 * At a rate that several thresholds share, the curve's end takes the highest of their overlaps.
 *
 * @param maps images * height * width scores
 * @param masks as long, nonzero where anomalous
 * @param order `argsortDescending(maps)`, where the caller has it already
 * @returns one area a limit, or null where no pixel is anomalous or none is normal
 * @throws ShapeError for lengths that do not fit, UsageError for a limit outside (0, 1], NumericError at a NaN
 */
export function aupro(
  maps: Float32Array,
  masks: Uint8Array,
  size: { height: number; width: number },
  limits: readonly number[] = AUPRO_LIMITS,
  order: Uint32Array = argsortDescending(maps),
): number[] | null {
  requireSameLength('map pixels', maps, 'mask pixels', masks);
  const { weights, regions, normals } = weighPixels(masks, size.height, size.width);
  if (regions === 0 || normals === 0) return null;
  const areas = limits.map(areaWithin);
  let falsePositives = 0;
  let overlap = 0;
  for (let i = 0; i < order.length; i++) {
    const weight = weights[order[i]];
    if (weight === 0) falsePositives++;
    else overlap += weight;
    if (!isLastOfTie(maps, order, i)) continue;
    for (const area of areas) area.add(falsePositives / normals, overlap / regions);
  }
  return areas.map((area) => area.result());
}

/** Gives each anomalous pixel one over the size of its region, so that a whole region counts 1. */
function weighPixels(masks: Uint8Array, height: number, width: number) {
  const pixels = height * width;
  if (!(pixels > 0) || masks.length % pixels !== 0) {
    throw new PyramidFlowError(
      'ShapeError',
      `${masks.length} mask pixels are not a whole number of ${height} x ${width} images`,
      'pass the height and width of one map',
    );
  }
  const weights = new Float64Array(masks.length);
  let regions = 0;
  let normals = 0;
  for (let start = 0; start < masks.length; start += pixels) {
    const { labels, sizes } = labelRegions(masks.subarray(start, start + pixels), height, width);
    regions += sizes.length;
    for (let at = 0; at < pixels; at++) {
      if (labels[at] === 0) normals++;
      else weights[start + at] = 1 / sizes[labels[at] - 1];
    }
  }
  return { weights, regions, normals };
}

/** Integrates a curve of rising points, by trapezoids, up to a limit on its first coordinate. */
function areaWithin(limit: number) {
  if (!(limit > 0 && limit <= 1)) {
    throw new PyramidFlowError('UsageError', `AUPRO limit ${limit} is outside (0, 1]`, 'pass for example 0.3');
  }
  let area = 0; // up to the last point before the limit
  let [lastRate, lastOverlap] = [0, 0];
  let endOverlap = -1; // at the limit; negative until the curve gets there
  return {
    add(rate: number, overlap: number): void {
      if (rate < limit) {
        area += ((rate - lastRate) * (overlap + lastOverlap)) / 2;
        [lastRate, lastOverlap] = [rate, overlap];
      } else if (rate === limit) {
        endOverlap = overlap;
      } else if (endOverlap < 0) {
        endOverlap = lastOverlap + ((overlap - lastOverlap) * (limit - lastRate)) / (rate - lastRate);
      }
    },
    result: (): number => (area + ((limit - lastRate) * (endOverlap + lastOverlap)) / 2) / limit,
  };
}

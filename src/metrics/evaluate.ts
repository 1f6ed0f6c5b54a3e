import { PyramidFlowError } from '../core/errors';
import { argsortDescending } from './argsort';
import { AUPRO_LIMITS, aupro } from './aupro';
import { auroc, averagePrecision, requireSameLength } from './ranking';

export interface EvaluationInput {
  /** images * height * width anomaly scores. */
  maps: Float32Array;
  /**
   * Ground truth, nonzero where anomalous: as long as `maps`, or one mask an image with null where it is missing.
   * An image without a mask counts for the image metric alone.
   */
  masks: Uint8Array | readonly (Uint8Array | null)[];
  /** One score an image. */
  imageScores: Float32Array;
  /** One label an image, nonzero where anomalous: from the image's folder, never from its mask. */
  imageLabels: Uint8Array;
  height: number;
  width: number;
}

const METRICS = ['imageAuroc', 'pixelAuroc', 'pixelAp', 'aupro30', 'aupro5', 'aupro100'] as const;
export type Metric = (typeof METRICS)[number];

/** Metrics in 0..1; one that is undefined is null, and `reasons` says why. */
export type Evaluation = Record<Metric, number | null> & { reasons: Partial<Record<Metric, string>> };

/**
 * Image AUROC, and over the pixels of all images AUROC, average precision and AUPRO at three limits.
 *
 * @throws ShapeError for lengths that do not fit, NumericError with the place of the first NaN
 */
export function evaluateMaps(input: EvaluationInput): Evaluation {
  const { imageScores, imageLabels, height, width } = input;
  requireSameLength('image scores', imageScores, 'image labels', imageLabels);
  if (input.maps.length !== imageScores.length * height * width) {
    throw new PyramidFlowError(
      'ShapeError',
      `${input.maps.length} map pixels are not ${imageScores.length} maps of ${height} x ${width}`,
      'pass one map an image score',
    );
  }
  const { maps, masks } = pixelsWithMask(input);
  const order = argsortDescending(maps);
  const overlaps = aupro(maps, masks, { height, width }, AUPRO_LIMITS, order);
  const values: Record<Metric, number | null> = {
    imageAuroc: auroc(imageScores, imageLabels),
    pixelAuroc: auroc(maps, masks, order),
    pixelAp: averagePrecision(maps, masks, order),
    aupro30: overlaps?.[0] ?? null,
    aupro5: overlaps?.[1] ?? null,
    aupro100: overlaps?.[2] ?? null,
  };
  const reasons: Evaluation['reasons'] = {};
  for (const metric of METRICS) {
    if (values[metric] !== null) continue;
    reasons[metric] = metric === 'imageAuroc' ? whyUndefined('image', imageLabels) : whyUndefined('pixel', masks);
  }
  return { ...values, reasons };
}

/** The maps and masks of the images that have a mask, end to end; the given arrays themselves when all have. */
function pixelsWithMask({ maps, masks, height, width }: EvaluationInput) {
  if (masks instanceof Uint8Array) {
    requireSameLength('map pixels', maps, 'mask pixels', masks);
    return { maps, masks };
  }
  const pixels = height * width;
  requireSameLength('maps', { length: maps.length / pixels }, 'masks', masks);
  const present = masks.flatMap((mask, image) => (mask === null ? [] : [{ mask, image }]));
  const keptMaps = new Float32Array(present.length * pixels);
  const keptMasks = new Uint8Array(present.length * pixels);
  present.forEach(({ mask, image }, place) => {
    requireSameLength(`pixels of map ${image}`, { length: pixels }, 'of its mask', mask);
    keptMaps.set(maps.subarray(image * pixels, (image + 1) * pixels), place * pixels);
    keptMasks.set(mask, place * pixels);
  });
  return { maps: keptMaps, masks: keptMasks };
}

function whyUndefined(unit: 'image' | 'pixel', labels: Uint8Array): string {
  if (labels.length === 0) return unit === 'image' ? 'there is no image' : 'no image has a mask';
  return labels.every((label) => label === 0) ? `no ${unit} is anomalous` : `no ${unit} is normal`;
}

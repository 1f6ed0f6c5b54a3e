import { AUPRO_LIMITS, OverlapArea } from './aupro';
import { PixelRanking } from './pixel-ranking';
import { auroc, PrecisionSum, RocArea } from './ranking';

const METRICS = ['imageAuroc', 'pixelAuroc', 'pixelAp', 'aupro30', 'aupro5', 'aupro100'] as const;

/** AUROC over images; over pixels AUROC, average precision (AP), and AUPRO up to false positive rates of 0.3, 0.05 and 1. */
export type Metric = (typeof METRICS)[number];

/** Metrics in 0..1; one that is undefined is null, and `reasons` says why. */
export type Evaluation = Record<Metric, number | null> & { reasons: Partial<Record<Metric, string>> };

const ofAll = <T>(value: T) => Object.fromEntries(METRICS.map((metric) => [metric, value])) as Record<Metric, T>;

/** How metrics are computed. */
export interface ResultOptions {
  /** stops after the next call of `onProgress`; all metrics are null then */
  readonly signal?: AbortSignal;
  /** called up to a hundred times with the number of pixels seen and of all pixels; a promise that it returns is awaited */
  onProgress?(done: number, of: number): void | Promise<void>;
}

/**
 * Measures how well maps and scores find the anomalies of images, which are added one by one and not kept. Exact: every
 * distinct score is a threshold, and equal scores share one.
 *
 * Memory: at most 4 bytes a normal pixel (2 in practice, and less where there are more pixels than distinct scores) and
 * 24 an anomalous pixel, so that 200 images of 1024 x 1024 with a tenth anomalous take less than 1 GiB.
 *
 * @example
 * const evaluation = new EvaluationRun({ height, width });
 * for (const { map, mask, score, label } of images) evaluation.add(map, mask, score, label);
 * const { imageAuroc, aupro30 } = await evaluation.result();
 */
export class EvaluationRun {
  private readonly pixels: PixelRanking;
  private readonly scores: number[] = [];
  private readonly labels: number[] = [];
  private masks = 0;

  /** @param size of every map and mask */
  constructor({ height, width }: { readonly height: number; readonly width: number }) {
    this.pixels = new PixelRanking(height, width);
  }

  /**
   * Adds an image.
   *
   * @param map height * width anomaly scores, row by row
   * @param mask ground truth, as long, nonzero where anomalous; null where it is missing, and then the image counts for
   *   the image metric alone
   * @param score of the image
   * @param label whether the image is anomalous: from its folder, never from its mask
   * @throws ShapeError for lengths that do not fit, NumericError at a NaN; nothing is added then
   */
  add(map: Float32Array, mask: Uint8Array | null, score: number, label: 0 | 1): void {
    if (mask !== null) {
      this.pixels.add(map, mask);
      this.masks++;
    }
    this.scores.push(score);
    this.labels.push(label);
  }

  /**
   * The metrics over all images added so far.
   *
   * @throws NumericError where the score of an image is NaN
   */
  async result({ signal, onProgress }: ResultOptions = {}): Promise<Evaluation> {
    const { pixels } = this;
    const roc = new RocArea();
    const precision = new PrecisionSum();
    const [overlap30, overlap5, overlap100] = AUPRO_LIMITS.map((limit) => new OverlapArea(limit, pixels));
    const visit = pixels.visit((truePositives, falsePositives, overlap) => {
      roc.add(truePositives, falsePositives);
      precision.add(truePositives, falsePositives);
      overlap30!.add(falsePositives, overlap);
      overlap5!.add(falsePositives, overlap);
      overlap100!.add(falsePositives, overlap);
    });
    for (const seen of visit) {
      await onProgress?.(seen, pixels.positives + pixels.negatives);
      if (signal?.aborted) return { ...ofAll(null), reasons: ofAll('stopped before it was computed') };
    }
    const values: Record<Metric, number | null> = {
      imageAuroc: auroc(Float32Array.from(this.scores), Uint8Array.from(this.labels)),
      pixelAuroc: roc.result(),
      pixelAp: precision.result(),
      aupro30: overlap30!.result(),
      aupro5: overlap5!.result(),
      aupro100: overlap100!.result(),
    };
    const reasons: Evaluation['reasons'] = {};
    for (const metric of METRICS) {
      if (values[metric] === null) reasons[metric] = metric === 'imageAuroc' ? this.whyNoImages() : this.whyNoPixels();
    }
    return { ...values, reasons };
  }

  private whyNoImages(): string {
    if (this.labels.length === 0) return 'there is no image';
    return this.labels.includes(1) ? 'no image is normal' : 'no image is anomalous';
  }

  private whyNoPixels(): string {
    if (this.masks === 0) return 'no image has a mask';
    return this.pixels.positives === 0 ? 'no pixel is anomalous' : 'no pixel is normal';
  }
}

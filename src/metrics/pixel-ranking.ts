import { PyramidFlowError } from '../core/errors';
import { argsort, descendingKeys } from './argsort';
import { requireSameLength } from './ranking';
import { labelRegions } from './regions';
import { ScoreCounts } from './score-counts';

/**
 * What is at or above a threshold: anomalous pixels, normal pixels, and the overlap, which is the sum over all anomalous
 * regions of the share of the region that is there.
 */
export type PixelVisitor = (truePositives: number, falsePositives: number, overlap: number) => void;

/** The anomalous pixels of one image, in reading order. */
interface AnomalousPixels {
  readonly keys: Uint32Array;
  /** the region of each pixel, counted over all images */
  readonly regions: Uint32Array;
}

/**
 * The scores of the pixels of many images, ranked exactly: every distinct score is a threshold. Images are added one by one
 * and not kept. A normal pixel takes 4 bytes at the most, 2 where most maps are of one scale and far less where there are
 * more pixels than distinct scores; an anomalous pixel takes 8, and 24 while `visit` runs.
 */
export class PixelRanking {
  private readonly normal = new ScoreCounts();
  private readonly anomalous: AnomalousPixels[] = [];
  /** The inverse of each region's size, so that a whole region counts 1. */
  private readonly weights: number[] = [];
  private anomalousCount = 0;

  constructor(
    readonly height: number,
    readonly width: number,
  ) {}

  /** Number of anomalous pixels. */
  get positives(): number {
    return this.anomalousCount;
  }

  /** Number of normal pixels. */
  get negatives(): number {
    return this.normal.total;
  }

  /** Number of 8-connected anomalous regions. */
  get regions(): number {
    return this.weights.length;
  }

  /**
   * Adds an image.
   *
   * @param map height * width scores, row by row
   * @param mask as long, nonzero where anomalous
   * @throws ShapeError for another length, NumericError at a NaN; nothing is added then
   */
  add(map: Float32Array, mask: Uint8Array): void {
    const pixels = this.height * this.width;
    if (map.length !== pixels) {
      const problem = `expected ${pixels} pixels for a map of ${this.height}x${this.width}, got ${map.length}`;
      throw new PyramidFlowError('ShapeError', problem, 'pass maps of one size');
    }
    requireSameLength('map pixels', map, 'mask pixels', mask);
    const keys = descendingKeys(map);
    const { labels, sizes } = labelRegions(mask, this.height, this.width);
    const count = sizes.reduce((sum, size) => sum + size, 0);
    const found = { keys: new Uint32Array(count), regions: new Uint32Array(count) };
    let end = 0;
    for (let at = 0; at < pixels; at++) {
      if (labels[at] === 0) this.normal.add(keys[at]!);
      else {
        found.keys[end] = keys[at]!;
        found.regions[end++] = this.weights.length + labels[at]! - 1;
      }
    }
    for (const size of sizes) this.weights.push(1 / size);
    this.anomalousCount += count;
    if (count > 0) this.anomalous.push(found);
  }

  /**
   * Calls `visit` at each distinct score, from the highest down. Yields the number of pixels seen so far, up to a hundred
   * times, so that the caller can pause.
   */
  *visit(visit: PixelVisitor): Generator<number> {
    const { keys, regions, order } = this.sortAnomalous();
    const total = this.positives + this.negatives;
    let [truePositives, falsePositives, overlap] = [0, 0, 0];
    let next = total / 100;
    /** Takes in the anomalous pixels of a key. */
    const take = (key: number) => {
      while (truePositives < order.length && keys[order[truePositives]!] === key) {
        overlap += this.weights[regions[order[truePositives++]!]!]!;
      }
    };
    /** Visits the keys before a limit that anomalous pixels alone have. */
    const visitBefore = (limit: number) => {
      while (truePositives < order.length && keys[order[truePositives]!]! < limit) {
        take(keys[order[truePositives]!]!);
        visit(truePositives, falsePositives, overlap);
      }
    };
    const pages = this.normal.visit((key, count) => {
      visitBefore(key);
      take(key);
      falsePositives += count;
      visit(truePositives, falsePositives, overlap);
    });
    for (const _ of pages) {
      const seen = truePositives + falsePositives;
      if (seen < next) continue;
      yield seen;
      next = seen + total / 100;
    }
    visitBefore(Infinity);
  }

  private sortAnomalous() {
    const keys = new Uint32Array(this.positives);
    const regions = new Uint32Array(this.positives);
    let end = 0;
    for (const found of this.anomalous) {
      keys.set(found.keys, end);
      regions.set(found.regions, end);
      end += found.keys.length;
    }
    return { keys, regions, order: argsort(keys) };
  }
}

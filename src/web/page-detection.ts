import { PyramidFlowError } from '../core/errors';
import type { DetectionTimings, Verdict } from '../inspection/gpu-detector';
import { sizesOf } from '../ops/shape';
import type { Tensor } from '../tensor/tensor';
import type { Draw, Drawing } from './draw';
import type { ImageSource } from './image-source';

/** How a map is drawn. */
export interface DrawOptions {
  /**
   * what the map is drawn over: true for the inspected image, or another image (not a Blob, which would have to be decoded
   * first); default false, the colours alone
   */
  readonly overlay?: boolean | ImageSource;
  /** of the last colour over the image, from 0 to 1; default 0.7 */
  readonly opacity?: number;
  /**
   * the value that gets the last colour, or the values that get the first and the last; default from 0 to twice the
   * detector's threshold, or to the map's own maximum where there is no threshold
   */
  readonly scale?: number | readonly [low: number, high: number];
  /**
   * a white line is drawn around what exceeds this value, Infinity for no line; default the detector's threshold over an
   * image, and no line without one
   */
  readonly threshold?: number;
}

/** What a PageDetection holds. */
interface DetectionInit extends Drawing {
  readonly draw: Draw;
  readonly verdict?: Verdict;
  readonly map?: Float32Array;
  readonly timings: DetectionTimings;
}

/** What a detector found on one image. Its map and its image stay on the GPU until `dispose`. */
export class PageDetection {
  /** the map's maximum; always finite */
  readonly score: number;
  /** 'defective' where the score exceeds the detector's threshold, else 'good'; undefined without a threshold */
  readonly verdict?: Verdict;
  /** size of the map in pixels, which is that of the model */
  readonly height: number;
  readonly width: number;
  /** size of the inspected image in pixels */
  readonly image: { readonly height: number; readonly width: number };
  /** anomaly map, row by row, height x width values, larger is more anomalous; undefined for `detect(..., { map: 'gpu' })` */
  readonly map?: Float32Array;
  /** the map on the GPU, (1, 1, height, width) */
  readonly tensor: Tensor;
  readonly timings: DetectionTimings;

  constructor(private readonly init: DetectionInit) {
    const { tensor, image } = init;
    const [, , height, width] = sizesOf(tensor);
    ({ score: this.score, verdict: this.verdict, map: this.map, timings: this.timings } = init);
    [this.height, this.width] = [height, width];
    this.image = { height: image.height, width: image.width };
    this.tensor = tensor;
  }

  /**
   * The map as an array, also where it was left on the GPU.
   *
   * @returns height x width values, row by row
   * @throws UsageError after `dispose`, DeviceError where the device was lost
   */
  async readMap(): Promise<Float32Array> {
    this.throwIfDisposed();
    return this.map ?? (await this.tensor.read());
  }

  /**
   * Draws the map over the whole canvas, on the GPU, without reading anything back.
   *
   * @param canvas one that has no context of another kind. An element with neither a width nor a height attribute gets the
   *   size of the image
   * @throws UsageError after `dispose`, or for a canvas that cannot be drawn to; DataError for an overlay that is not loaded
   * @example
   * detection.draw(canvas); // the colours alone
   * detection.draw(canvas, { overlay: true, opacity: 0.5 }); // over the inspected image
   */
  draw(canvas: HTMLCanvasElement | OffscreenCanvas, options: DrawOptions = {}): void {
    this.throwIfDisposed();
    this.init.draw(canvas, this.init, options);
  }

  /** Frees the map and the image on the GPU. `score`, `verdict` and `map` can still be read. */
  dispose(): void {
    this.tensor.free();
    this.init.image.dispose();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private throwIfDisposed(): void {
    if (!this.tensor.freed) return;
    throw new PyramidFlowError('UsageError', 'this detection was disposed', 'use it before dispose()');
  }
}

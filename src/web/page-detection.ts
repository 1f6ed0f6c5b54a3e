import { PyramidFlowError } from '../core/errors';
import { scaleFor } from '../image/heat-map';
import type { DetectionTimings, Verdict } from '../inspection/detector';
import { sizesOf } from '../ops/shape';
import type { Tensor } from '../tensor/tensor';
import { targetOf } from './canvas';
import { type DrawnSource, type ImageSource, is } from './image-source';
import { ImageTexture } from './image-texture';
import type { MapPainter } from './map-painter';

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
interface DetectionInit {
  readonly painter: MapPainter;
  readonly tensor: Tensor;
  readonly image: ImageTexture;
  readonly score: number;
  readonly verdict?: Verdict;
  readonly map?: Float32Array;
  readonly threshold?: number;
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
    const { painter, tensor, image, threshold } = this.init;
    const { overlay = false, opacity, scale = threshold === undefined ? this.score || 1 : scaleFor(threshold) } = options;
    const other = typeof overlay === 'boolean' ? undefined : ImageTexture.upload(painter.gpu, drawn(overlay));
    try {
      painter.paint(targetOf(canvas, painter.gpu, other ?? image), {
        map: tensor,
        scale: typeof scale === 'number' ? [0, scale] : scale,
        image: overlay ? (other ?? image).texture : undefined,
        opacity,
        threshold: options.threshold ?? (overlay ? threshold : undefined),
      });
    } finally {
      other?.dispose();
    }
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

function drawn(source: ImageSource): DrawnSource {
  if (!is('Blob', source)) return source;
  const remedy = 'decode it first, with createImageBitmap()';
  throw new PyramidFlowError('UsageError', 'draw() cannot decode a Blob', remedy);
}

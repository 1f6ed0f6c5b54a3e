import { PyramidFlowError } from '../core/errors';
import { scaleFor } from '../image/heat-map';
import type { DetectionTimings, Verdict } from '../inspection/detector';
import type { Tensor } from '../tensor/tensor';
import { targetOf } from './canvas';
import { type DrawnSource, type ImageSource, is } from './image-source';
import { ImageTexture } from './image-texture';
import type { MapPainter } from './map-painter';

export interface DrawOptions {
  /** true: over the image that was looked at; an image: over that one; default the map's colours alone */
  readonly overlay?: boolean | ImageSource;
  /** of the strongest colour over the image, from 0 to 1; default 0.7 */
  readonly opacity?: number;
  /** the value that takes the last colour, or those that take the first and the last; default twice the threshold */
  readonly scale?: number | readonly [low: number, high: number];
  /** a white line surrounds what exceeds it; default the detector's where the map lies over an image, Infinity for none */
  readonly threshold?: number;
}

/** What a detection is made of. */
export interface DetectionParts {
  readonly painter: MapPainter;
  readonly tensor: Tensor;
  readonly image: ImageTexture;
  readonly score: number;
  readonly verdict?: Verdict;
  readonly map?: Float32Array;
  readonly threshold?: number;
  readonly timings: DetectionTimings;
}

/** What was found on one image. It holds GPU memory, the map and the image, until `dispose`. */
export class PageDetection {
  /** the map's maximum */
  readonly score: number;
  /** where the detector has a threshold */
  readonly verdict?: Verdict;
  /** of the map */
  readonly height: number;
  readonly width: number;
  /** size of the image, in pixels */
  readonly image: { readonly height: number; readonly width: number };
  /** row by row, larger is more anomalous; where the map was asked for as an array */
  readonly map?: Float32Array;
  /** the map on the GPU, (1, 1, H, W) */
  readonly tensor: Tensor;
  readonly timings: DetectionTimings;

  constructor(private readonly parts: DetectionParts) {
    const { tensor, image } = parts;
    const [, , height, width] = tensor.shape;
    ({ score: this.score, verdict: this.verdict, map: this.map, timings: this.timings } = parts);
    [this.height, this.width] = [height, width];
    this.image = { height: image.height, width: image.width };
    this.tensor = tensor;
  }

  async readMap(): Promise<Float32Array> {
    this.throwDisposed();
    return this.map ?? (await this.tensor.read());
  }

  /**
   * Draws the map over the whole canvas, on the GPU, without reading anything back. A canvas element that was given no width
   * takes the image's. Without a threshold or scale the colours reach up to this map's own maximum.
   */
  draw(canvas: HTMLCanvasElement | OffscreenCanvas, options: DrawOptions = {}): void {
    this.throwDisposed();
    const { painter, tensor, image, threshold } = this.parts;
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
      other?.free();
    }
  }

  /** Frees the map and the image on the GPU. */
  dispose(): void {
    this.tensor.free();
    this.parts.image.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private throwDisposed(): void {
    if (this.tensor.freed)
      throw new PyramidFlowError('UsageError', 'this detection was disposed of', 'use it before dispose()');
  }
}

function drawn(source: ImageSource): DrawnSource {
  if (!is('Blob', source)) return source;
  throw new PyramidFlowError('UsageError', 'a Blob cannot be drawn at once', 'decode it first, with createImageBitmap');
}

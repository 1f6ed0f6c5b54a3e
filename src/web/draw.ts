import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { scaleFor } from '../image/heat-map';
import type { Tensor } from '../tensor/tensor';
import { type Canvas, painterFor, targetOf } from './canvas';
import { type DrawnSource, type ImageSource, is } from './image-source';
import { ImageTexture } from './image-texture';
import type { DrawOptions } from './page-detection';

// What drawing needs. It is a file of its own, which a page loads while its model is compiled.

/** What is drawn of a detection. */
export interface Drawing {
  /** the map, (1, 1, H, W) */
  readonly tensor: Tensor;
  readonly image: ImageTexture;
  readonly score: number;
  readonly threshold?: number;
}

/** Draws a detection over the whole of a canvas, see `PageDetection.draw`. */
export type Draw = (canvas: Canvas, drawing: Drawing, options: DrawOptions) => void;

/** Compiles what drawing needs on a device. */
export async function drawOn(gpu: Runtime): Promise<Draw> {
  const painter = await painterFor(gpu);
  return (canvas, { tensor, image, score, threshold }, options) => {
    const { overlay = false, opacity, scale = threshold === undefined ? score || 1 : scaleFor(threshold) } = options;
    const other = typeof overlay === 'boolean' ? undefined : ImageTexture.upload(gpu, drawn(overlay));
    try {
      painter.paint(targetOf(canvas, gpu, other ?? image), {
        map: tensor,
        scale: typeof scale === 'number' ? [0, scale] : scale,
        image: overlay ? (other ?? image).texture : undefined,
        opacity,
        threshold: options.threshold ?? (overlay ? threshold : undefined),
      });
    } finally {
      other?.dispose();
    }
  };
}

function drawn(source: ImageSource): DrawnSource {
  if (!is('Blob', source)) return source;
  const remedy = 'decode it first, with createImageBitmap()';
  throw new PyramidFlowError('UsageError', 'draw() cannot decode a Blob', remedy);
}

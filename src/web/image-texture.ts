import { PyramidFlowError } from '../core/errors';
import { TEXTURE_USAGE } from '../gpu/flags';
import type { Runtime } from '../gpu/runtime';
import { exceedsBinding, resizeOnGpu } from '../image/resize-on-gpu';
import { unpackPixels } from '../ops/preprocess';
import { scope } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { type DrawnSource, is, sizeOf } from './image-source';

const ROW_BYTES = 256; // WebGPU copies textures in rows that start at multiples of it
const { COPY_SRC, COPY_DST, TEXTURE_BINDING, RENDER_ATTACHMENT } = TEXTURE_USAGE;
const USAGE = COPY_SRC | COPY_DST | TEXTURE_BINDING | RENDER_ATTACHMENT;

/** An image on the GPU: an RGBA texture of the image's own size, alpha not multiplied in. */
export class ImageTexture {
  private constructor(
    private readonly gpu: Runtime,
    readonly texture: GPUTexture,
  ) {}

  /**
   * Copies the pixels to the GPU, unchanged.
   *
   * @throws DataError where the image is empty, larger than a texture of this GPU can be, or of another origin
   */
  static upload(gpu: Runtime, source: DrawnSource): ImageTexture {
    const { device } = gpu;
    const { width, height } = sizeOf(source);
    const most = device.limits.maxTextureDimension2D;
    if (!(width > 0 && height > 0 && width <= most && height <= most)) {
      const remedy = width > 0 && height > 0 ? `use one of at most ${most} x ${most}` : 'wait until it is loaded';
      throw new PyramidFlowError('DataError', `cannot use an image of ${width} x ${height} pixels`, remedy);
    }
    const texture = device.createTexture({ label: 'image', size: [width, height], format: 'rgba8unorm', usage: USAGE });
    try {
      if (is('ImageData', source)) {
        device.queue.writeTexture({ texture }, bytesOf(source), { bytesPerRow: 4 * width }, [width, height]);
      } else {
        device.queue.copyExternalImageToTexture({ source }, { texture, premultipliedAlpha: false }, [width, height]);
      }
      return new ImageTexture(gpu, texture);
    } catch (cause) {
      texture.destroy();
      if (cause instanceof PyramidFlowError) throw cause;
      const remedy = 'use a fully loaded image that comes from the same origin as the page';
      throw new PyramidFlowError('DataError', 'the pixels of the image cannot be read', remedy, { cause });
    }
  }

  get width(): number {
    return this.texture.width;
  }

  get height(): number {
    return this.texture.height;
  }

  /** The image's RGB bytes at another size, (1, height, width, 3): the same bytes as in Node. The caller frees them. */
  async resized(height: number, width: number): Promise<Tensor<'u32'>> {
    if (exceedsBinding(this.gpu, this)) {
      const { resizedPixels } = await import('./later');
      return resizedPixels(this.pixels(), this.width, height, width);
    }
    return scope(() => resizePixels(this.pixels(), this.width, height, width));
  }

  dispose(): void {
    this.texture.destroy();
  }

  /** One pixel per u32, rows padded: (height, pitch). */
  private pixels(): Tensor<'u32'> {
    const { gpu, texture, width, height } = this;
    const bytesPerRow = Math.ceil((4 * width) / ROW_BYTES) * ROW_BYTES;
    const pixels = Tensor.empty(gpu, [height, bytesPerRow / 4], 'pixels', 'u32');
    const { buffer, offset } = pixels.slice;
    gpu.encode((encoder) => encoder.copyTextureToBuffer({ texture }, { buffer, offset, bytesPerRow }, [width, height]));
    return pixels;
  }
}

/**
 * RGBA pixels, one in a u32, (H, pitch) -> RGB bytes, (1, height, width, 3).
 *
 * @param pixelsWidth of the pitch, how many are of the image
 */
const resizePixels = (pixels: Tensor<'u32'>, pixelsWidth: number, height: number, width: number): Tensor<'u32'> =>
  resizeOnGpu(unpackPixels(pixels, pixelsWidth), height, width);

/** What `ImageTexture.resized` runs, of pixels of another size, so that they are resized. */
export const resizedExample = (gpu: Runtime, height: number, width: number): Tensor<'u32'> =>
  resizePixels(Tensor.empty(gpu, [height + 1, width + 1], 'pixels', 'u32'), width + 1, height, width);

function bytesOf({ data }: ImageData): Uint8ClampedArray<ArrayBuffer> {
  if (data instanceof Uint8ClampedArray) return data as Uint8ClampedArray<ArrayBuffer>;
  throw new PyramidFlowError('DataError', 'expected ImageData of bytes, got floats', 'use its default pixel format');
}

import type { ByteImage } from '../image/augment';
import { resizedBytes } from '../image/model-input';
import type { Tensor } from '../tensor/tensor';

/**
 * As `resizePixels`, on the CPU, of an image whose bytes are more than the adapter can bind, at four bytes each. Frees the pixels.
 */
export async function resizedPixels(
  pixels: Tensor<'u32'>,
  pixelsWidth: number,
  height: number,
  width: number,
): Promise<Tensor<'u32'>> {
  const image = await readImage(pixels, pixelsWidth);
  pixels.free();
  return resizedBytes(pixels.gpu, image, height, width);
}

async function readImage(pixels: Tensor<'u32'>, width: number): Promise<ByteImage> {
  const [height = 0, pitch = 0] = pixels.shape;
  const bytes = new Uint8Array(await pixels.gpu.read(pixels.slice));
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const at = 4 * (Math.floor(i / width) * pitch + (i % width));
    data.set(bytes.subarray(at, at + 3), 3 * i);
  }
  return { data, height, width, channels: 3 };
}

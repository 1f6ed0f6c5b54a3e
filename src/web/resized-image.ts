import type { Runtime } from '../gpu/runtime';
import type { ByteImage } from '../image/augment';
import { ImageTexture } from './image-texture';

/** The RGB bytes of a decoded image, resized by the GPU. */
export async function resizedImage(
  gpu: Runtime,
  image: ImageBitmap | ImageData,
  height: number,
  width: number,
): Promise<ByteImage> {
  const texture = ImageTexture.upload(gpu, image);
  try {
    const bytes = await texture.resized(height, width);
    const data = Uint8Array.from(await bytes.read());
    bytes.free();
    gpu.trim();
    return { data, height, width, channels: 3 };
  } finally {
    texture.dispose();
  }
}

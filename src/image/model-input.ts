import type { Runtime } from '../gpu/runtime';
import { type Normalization, normalizeBytes } from '../ops/preprocess';
import { uploadBytes } from '../ops/upload-bytes';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import type { ByteImage } from './augment';
import { resizeBytes as resizeOnCpu } from './resample';
import { exceedsBinding, resizeOnGpu } from './resize-on-gpu';

/**
 * An RGB image of any size -> bytes on the GPU, (1, height, width, 3), resized as Pillow's antialiased bilinear; on the
 * CPU, with the same bytes, where the image is larger than the adapter can bind (a byte takes four on the GPU).
 */
export function resizedBytes(gpu: Runtime, image: ByteImage, height: number, width: number): Tensor<'u32'> {
  if (exceedsBinding(gpu, image)) {
    return uploadBytes(gpu, resizeOnCpu(image.data, image.height, image.width, height, width), [1, height, width]);
  }
  return scope(() => resizeOnGpu(uploadBytes(gpu, image.data, [1, image.height, image.width]), height, width));
}

/** RGB images that have the network's size already -> its input, (N, 3, H, W). */
export function networkInput(gpu: Runtime, images: readonly ByteImage[], normalization?: Normalization): Tensor {
  const { height, width } = images[0]!;
  const size = height * width * 3;
  const joined = new Uint8Array(images.length * size);
  images.forEach(({ data }, i) => joined.set(data, i * size));
  return scope(() => normalizeBytes(uploadBytes(gpu, joined, [images.length, height, width]), normalization));
}

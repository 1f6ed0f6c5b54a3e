import type { Runtime } from '../gpu/runtime';
import { type Normalization, normalizeBytes, resizeBytes, uploadBytes } from '../ops/preprocess';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import type { ByteImage } from './augment';
import { bilinearTaps, PRECISION_BITS, resizeBytes as resizeOnCpu } from './resample';

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

/** Whether the RGB bytes of an image this large are more than the adapter can bind, at four bytes each. */
export function exceedsBinding(gpu: Runtime, { height, width }: { height: number; width: number }): boolean {
  return 4 * 3 * height * width > gpu.adapter.limits.maxStorageBufferBindingSize!;
}

/** RGB bytes on the GPU, (N, H, W, 3), resized as Pillow's antialiased bilinear. */
export function resizeOnGpu(bytes: Tensor<'u32'>, height: number, width: number): Tensor<'u32'> {
  const [, from, fromWidth] = bytes.shape as [number, number, number, number];
  return resizeBytes(bytes, bilinearTaps(from, height), bilinearTaps(fromWidth, width), PRECISION_BITS);
}

/** RGB images that have the network's size already -> its input, (N, 3, H, W). */
export function networkInput(gpu: Runtime, images: readonly ByteImage[], normalization?: Normalization): Tensor {
  const { height, width } = images[0]!;
  const size = height * width * 3;
  const joined = new Uint8Array(images.length * size);
  images.forEach(({ data }, i) => joined.set(data, i * size));
  return scope(() => normalizeBytes(uploadBytes(gpu, joined, [images.length, height, width]), normalization));
}

import type { Runtime } from '../gpu/runtime';
import { resizeBytes } from '../ops/preprocess';
import type { Tensor } from '../tensor/tensor';
import { bilinearTaps, PRECISION_BITS } from './taps';

/** Whether the RGB bytes of an image this large are more than the adapter can bind, at four bytes each. */
export function exceedsBinding(gpu: Runtime, { height, width }: { height: number; width: number }): boolean {
  return 4 * 3 * height * width > gpu.adapter.limits.maxStorageBufferBindingSize!;
}

/** RGB bytes on the GPU, (N, H, W, 3), resized as Pillow's antialiased bilinear. */
export function resizeOnGpu(bytes: Tensor<'u32'>, height: number, width: number): Tensor<'u32'> {
  const [, from, fromWidth] = bytes.shape as [number, number, number, number];
  return resizeBytes(bytes, bilinearTaps(from, height), bilinearTaps(fromWidth, width), PRECISION_BITS);
}

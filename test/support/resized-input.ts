import type { Runtime } from '../../src/gpu/runtime';
import type { ByteImage } from '../../src/image/augment';
import { resizedBytes } from '../../src/image/model-input';
import { type Normalization, normalizeBytes } from '../../src/ops/preprocess';
import { scope } from '../../src/tensor/scope';
import type { Tensor } from '../../src/tensor/tensor';

/** An RGB image of any size -> the network's input, (1, 3, height, width). */
export function resizedInput(
  gpu: Runtime,
  image: ByteImage,
  height: number,
  width: number,
  normalization?: Normalization,
): Tensor {
  return scope(() => normalizeBytes(resizedBytes(gpu, image, height, width), normalization));
}

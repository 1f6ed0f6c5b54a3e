import { Random } from '../../src/core/random';
import type { Runtime } from '../../src/gpu/runtime';
import { elements, type Shape, Tensor } from '../../src/tensor/tensor';

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

/** Standard normal values, as those of normalized images are, roughly. */
export function randomImages(gpu: Runtime, shape: Shape): Tensor {
  const random = new Random(1);
  return Tensor.from(
    gpu,
    shape,
    Float32Array.from({ length: elements(shape) }, () => random.normal()),
    'images',
  );
}

import { Random } from '../../src/core/random';
import type { Runtime } from '../../src/gpu/runtime';
import { elements, type Shape, Tensor } from '../../src/tensor/tensor';

/** A line that says what computes; figures of a software adapter say little about a GPU. */
export function describeAdapter({ adapter }: Runtime): string {
  const name = adapter.description || adapter.device || adapter.vendor;
  return `adapter: ${name}${adapter.software ? ' (software adapter: the CPU computes)' : ''}`;
}

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** Standard normal values, as normalized pictures have about. */
export function randomImages(gpu: Runtime, shape: Shape): Tensor {
  const random = new Random(1);
  return Tensor.from(
    gpu,
    shape,
    Float32Array.from({ length: elements(shape) }, () => random.normal()),
    'images',
  );
}

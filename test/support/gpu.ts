import { Random } from '../../src/core/random';
import { openRuntime } from '../../src/node/dawn';
import { elements, type Shape, Tensor } from '../../src/tensor/tensor';

/** The runtime that all tests of a file share. */
export const gpu = await openRuntime();

const random = new Random(20230613);

/** Standard normal values, the same in every run of a test file. */
export function randomValues(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal());
}

export function randomTensor(shape: Shape, label?: string): Tensor {
  return Tensor.from(gpu, shape, randomValues(elements(shape)), label);
}

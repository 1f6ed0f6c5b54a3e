import { Tensor } from '../tensor/tensor';

/** The first elements of several tensors, in one: a single read then returns them all. */
export function gatherScalars(scalars: readonly Tensor[], label: string): Tensor {
  const { gpu } = scalars[0]!;
  const all = Tensor.empty(gpu, [scalars.length], label);
  for (const [i, { slice }] of scalars.entries()) {
    gpu.copy({ ...slice, size: 4 }, { ...all.slice, offset: all.slice.offset + 4 * i, size: 4 });
  }
  return all;
}

import type { Runtime } from '../gpu/runtime';
import { unscoped } from '../tensor/scope';
import type { DType, Tensor } from '../tensor/tensor';

const tables = new WeakMap<Runtime, Map<string, Tensor<DType>>>();

/** A tensor of constants, made at its first use and kept as long as the runtime. */
export function table<D extends DType>(gpu: Runtime, key: string, make: () => Tensor<D>): Tensor<D> {
  const known = tables.get(gpu) ?? new Map<string, Tensor<DType>>();
  tables.set(gpu, known);
  let made = known.get(key) as Tensor<D> | undefined;
  if (!made) known.set(key, (made = unscoped(make)));
  return made;
}

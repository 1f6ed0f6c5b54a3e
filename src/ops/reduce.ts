import reduceKernel from '../../shaders/tensor/reduce.wgsl';
import { Tensor } from '../tensor/tensor';
import { scaleInto } from './elementwise';
import { WORKGROUP } from './grid';

const MODES = { sum: 0, squares: 1, maximum: 2 } as const;
const WORKGROUPS = 128; // over which the first pass spreads the values of an item
const PART = 64 * WORKGROUP; // the most values in a partial sum

// Every reduction adds in a fixed order, so that the same input gives the same bits.

/** sum(x), as a tensor [1]. */
export const sum = (x: Tensor): Tensor => reduce(x, 1, 'sum');

/** sum(x^2), as a tensor [1]. */
export const sumOfSquares = (x: Tensor): Tensor => reduce(x, 1, 'squares');

/** mean(x), as a tensor [1]. */
export function mean(x: Tensor): Tensor {
  const total = sum(x);
  scaleInto(total, 1 / x.size);
  return total;
}

/** The largest value of every item: (N, ...) -> (N). */
export const maxPerItem = (x: Tensor): Tensor => reduce(x, x.shape[0], 'maximum');

/** (items, ...) -> (items * n): sums of n parts of every item; a view of x where an item is a single part. */
export function partialSums(x: Tensor, items: number): Tensor {
  const parts = Math.ceil(x.size / items / PART);
  return parts === 1 ? x.view([x.size]) : pass(x, items, parts, 'sum');
}

function reduce(x: Tensor, items: number, mode: keyof typeof MODES): Tensor {
  const groups = Math.min(WORKGROUPS, Math.ceil(x.size / items / WORKGROUP));
  const partials = pass(x, items, groups, mode);
  if (groups === 1) return partials;
  const result = pass(partials, items, 1, mode === 'squares' ? 'sum' : mode);
  partials.free();
  return result;
}

function pass(x: Tensor, items: number, groups: number, mode: keyof typeof MODES): Tensor {
  const y = Tensor.empty(x.gpu, [items * groups], mode);
  x.gpu.run(reduceKernel, {
    tensors: { x, y },
    uniforms: { size: x.size / items },
    constants: { MODE: MODES[mode] },
    grid: [groups, items, 1],
  });
  return y;
}

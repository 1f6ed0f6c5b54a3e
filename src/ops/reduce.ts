import reduceKernel from '../../shaders/tensor/reduce.wgsl';
import { type Shape, Tensor } from '../tensor/tensor';
import { inBatches } from './batches';
import { repeated } from './broadcast';
import { scaleInto } from './elementwise';
import { WORKGROUP } from './grid';
import { apply, type Op } from './op';

const MODES = { sum: 0, squares: 1, maximum: 2 } as const;
const WORKGROUPS = 128; // over which the first pass spreads the values of an item
const PART = 64 * WORKGROUP; // the most values in a partial sum

// Every reduction adds in a fixed order, so that the same input gives the same bits.

/** `sum` as an operation. */
export const sumOp: Op<'x', { from: Shape }> = {
  name: 'sum',
  saves: [],
  forward: ({ x }) => reduce(x, 1, 'sum'),
  backward: (dy, _, { from }) => ({ x: () => repeated(dy, from) }),
};

/** The sum of all elements, [1], in a fixed order. */
export const sum = (x: Tensor): Tensor => apply(sumOp, { x }, { from: x.shape });

/** sum(x^2), as a tensor [1]. */
export const sumOfSquares = (x: Tensor): Tensor => reduce(x, 1, 'squares');

/** `mean` as an operation. */
export const meanOp: Op<'x', { from: Shape }> = {
  name: 'mean',
  saves: [],
  forward({ x }) {
    const total = reduce(x, 1, 'sum');
    scaleInto(total, 1 / x.size);
    return total;
  },
  backward: (dy, _, { from }) => ({
    x() {
      const dx = repeated(dy, from);
      scaleInto(dx, 1 / dx.size);
      return dx;
    },
  }),
};

/** The mean of all elements, [1], in a fixed order. */
export const mean = (x: Tensor): Tensor => apply(meanOp, { x }, { from: x.shape });

/** The largest value of every item: (N, ...) -> (N). */
export const maxPerItem = (x: Tensor): Tensor => reduce(x, x.shape[0]!, 'maximum');

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
  const rows = [x.view([items, x.size / items]), y.view([items, groups])];
  inBatches(rows, (x, y) =>
    x.gpu.run(reduceKernel, {
      tensors: { x, y },
      uniforms: { size: x.shape[1]! },
      constants: { MODE: MODES[mode] },
      grid: [groups, x.shape[0]!, 1],
    }),
  );
  for (const view of rows) view.free();
  return y;
}

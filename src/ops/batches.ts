import { elements, type Tensor } from '../tensor/tensor';

/** Adapters allow 65,535 workgroups along an axis of a grid; views start at multiples of 64 elements. */
const MOST_ITEMS = 1023 * 64;

/**
 * Calls `work` with the tensors; or, where they have more items than a grid takes along one axis, with views of some items after the
 * others.
 *
 * @param tensors (N, ...) each, with the same N
 */
export function inBatches(tensors: readonly Tensor[], work: (...batches: Tensor[]) => void): void {
  const [items] = tensors[0]!.shape;
  if (items! <= MOST_ITEMS) return work(...tensors);
  for (let from = 0; from < items!; from += MOST_ITEMS) {
    const count = Math.min(MOST_ITEMS, items! - from);
    const views = tensors.map(({ shape: [, ...rest] }, i) => tensors[i]!.view([count, ...rest], from * elements(rest)));
    work(...views);
    for (const view of views) view.free();
  }
}

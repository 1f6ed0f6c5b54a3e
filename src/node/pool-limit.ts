import type { Runtime } from '../gpu/runtime';

const MOST_POOLED = 512 * 2 ** 20;

/**
 * Gives pooled GPU memory back when there is much of it: every size of picture leaves buffers of its own in the pool.
 * To be called when nothing is recorded that was not submitted.
 */
export function limitPool(gpu: Runtime): void {
  if (gpu.memory.use().pooled > MOST_POOLED) gpu.memory.trim();
}

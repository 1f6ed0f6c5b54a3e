import type { AdapterReport } from '../gpu/device';
import type { Runtime } from '../gpu/runtime';
import { type Check, type CheckResult, runCheck } from './check';
import { FLOW_CHECKS } from './flow-checks';
import { IMAGE_CHECKS } from './image-checks';
import { NETWORK_CHECKS } from './network-checks';
import { TENSOR_CHECKS } from './tensor-checks';

/** Every kernel, at small awkward shapes, against float64 on the CPU. */
export const CHECKS: readonly Check[] = [...IMAGE_CHECKS, ...NETWORK_CHECKS, ...FLOW_CHECKS, ...TENSOR_CHECKS];

/** The checks that an adapter can run. */
export function checksFor(adapter: AdapterReport): Check[] {
  return CHECKS.filter(({ suits }) => suits?.(adapter) ?? true);
}

/**
 * Runs all checks that this adapter can run, one after the other.
 *
 * @param onResult called after every check
 */
export async function selfTest(gpu: Runtime, onResult?: (result: CheckResult) => void): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checksFor(gpu.adapter)) {
    results.push(await runCheck(gpu, check));
    onResult?.(results.at(-1)!);
  }
  return results;
}

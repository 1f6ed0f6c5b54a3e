import type { AdapterReport } from '../gpu/device';
import type { Runtime } from '../gpu/runtime';
import { type Check, type CheckResult, runCheck } from './check';
import { FLOW_CHECKS } from './flow-checks';
import { NETWORK_CHECKS } from './network-checks';
import { PICTURE_CHECKS } from './picture-checks';

/** Every kernel at small awkward shapes against float64 on the CPU. */
export const CHECKS: readonly Check[] = [...PICTURE_CHECKS, ...NETWORK_CHECKS, ...FLOW_CHECKS];

/** Those that an adapter can run. */
export function checksFor(adapter: AdapterReport): Check[] {
  return CHECKS.filter(({ suits }) => suits?.(adapter) ?? true);
}

/** Runs all checks on this adapter, one after the other. */
export async function selfTest(gpu: Runtime, onResult?: (result: CheckResult) => void): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checksFor(gpu.adapter)) {
    results.push(await runCheck(gpu, check));
    onResult?.(results.at(-1)!);
  }
  return results;
}

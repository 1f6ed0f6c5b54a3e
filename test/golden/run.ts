import type { Runtime } from '../../src/gpu/runtime';
import { type Handler, readCase } from './case';
import { compare, type Verdict } from './compare';
import { DATA } from './data';
import { FLOWS } from './flow';
import { OPERATIONS } from './operations';

const HANDLERS: Readonly<Record<string, Handler>> = { ...OPERATIONS, ...DATA, ...FLOWS };

export interface CaseResult {
  readonly op: string;
  /** absent where the operation is not known */
  readonly verdict?: Verdict;
}

/** Runs the case in `path`. */
export async function runCase(path: string, gpu: Runtime): Promise<CaseResult> {
  const golden = readCase(path);
  const handler = HANDLERS[golden.op];
  return { op: golden.op, verdict: handler && compare(golden, await handler(golden, gpu)) };
}

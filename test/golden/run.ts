import type { Runtime } from '../../src/gpu/runtime';
import { type Handler, readCase } from './case';
import { compare, type Verdict } from './compare';
import { DATA } from './data';
import { FLOWS } from './flow';
import { OPERATIONS } from './operations';
import { inputsOverwritten, trainedPart } from './overwritten';

const HANDLERS: Readonly<Record<string, Handler>> = { ...OPERATIONS, ...DATA, ...FLOWS };

export interface CaseResult {
  readonly op: string;
  /** absent where the operation is not known */
  readonly verdict?: Verdict;
  /** true where the case contradicts itself, and only what its inputs imply was compared */
  readonly partial?: boolean;
}

/** Runs the case in `path`. */
export async function runCase(path: string, gpu: Runtime): Promise<CaseResult> {
  const whole = readCase(path);
  const partial = inputsOverwritten(whole);
  const golden = partial ? trainedPart(whole) : whole;
  const handler = HANDLERS[golden.op];
  return { op: golden.op, partial, verdict: handler && compare(golden, await handler(golden, gpu)) };
}

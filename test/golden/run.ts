import type { Runtime } from '../../src/gpu/runtime';
import { type Handler, readCase } from './case';
import { type Verdict, compare } from './compare';
import { DATA } from './data';
import { FLOWS } from './flow';
import { OPERATIONS } from './operations';

const HANDLERS: Readonly<Record<string, Handler>> = { ...OPERATIONS, ...DATA, ...FLOWS };

/** Runs the case in `path`. Undefined where its operation is not known; `op` says which that is. */
export async function runCase(path: string, gpu: Runtime): Promise<{ op: string; verdict?: Verdict }> {
  const golden = readCase(path);
  const handler = HANDLERS[golden.op];
  if (!handler) return { op: golden.op };
  return { op: golden.op, verdict: compare(golden, await handler(golden, gpu)) };
}

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isRunning, pidNamespace } from './process';

/** The process that holds a lock, as its lock file says. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** when it took the lock, ISO 8601 */
  readonly since: string;
  /** Linux: the namespace of its pid */
  readonly namespace?: string;
  /** Linux: when the process started, in ticks since boot; distinguishes it from a later process with the same pid */
  readonly start?: string;
}

const LONGEST_NAME = 255; // characters, as of host names; a message repeats them

export function thisProcess(): Holder {
  const { pid } = process;
  return { pid, host: hostname(), since: new Date().toISOString(), namespace: pidNamespace(), start: statOf(pid)?.start };
}

/** Parses a lock file; undefined where that fails. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, since, namespace: where, start } = JSON.parse(text) as Record<string, unknown>;
    const isPid = typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && pid < 2 ** 31;
    const optional = [where, start].every((value) => value === undefined || typeof value === 'string');
    const named = [host, since].every((value) => typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME);
    return isPid && named && optional ? ({ pid, host, since, namespace: where, start } as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether its pid is valid for this process. */
export const isHere = (holder: Holder): boolean => holder.host === hostname() && holder.namespace === pidNamespace();

/** Whether the process is gone for certain; of a process elsewhere that is never known. */
export function isGone(holder: Holder): boolean {
  if (!isHere(holder)) return false;
  const found = statOf(holder.pid);
  if (found && holder.start !== undefined) return found.ended || found.start !== holder.start;
  return !isRunning(holder.pid);
}

/** From /proc/PID/stat: field 3 is the state, field 22 the start; field 2, a name, may hold blanks and brackets. */
function statOf(pid: number): { readonly start: string; readonly ended: boolean } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { start: fields[22 - 3]!, ended: ['Z', 'X'].includes(fields[0]!) };
  } catch {
    return undefined; // no such process, or not Linux
  }
}

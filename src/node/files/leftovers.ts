import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRunning, pidNamespace } from './process';

/** Identifies the machine or container that a process number belongs to: several may share a folder. */
const HOST = createHash('sha256')
  .update(`${hostname()} ${pidNamespace() ?? ''}`)
  .digest('hex')
  .slice(0, 8);
const OURS = /^\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.pyramidflow\.tmp$/;
const cleaned = new Set<string>();

/** A new name for an unfinished file, with the process that it belongs to. */
export const temporaryName = (): string => `.${HOST}-${process.pid}-${randomBytes(4).toString('hex')}.pyramidflow.tmp`;

/** Removes unfinished files of killed processes from a folder, the first time that this process writes there. */
export async function removeLeftovers(folder: string): Promise<void> {
  if (cleaned.has(folder)) return;
  cleaned.add(folder);
  for (const name of await readdir(folder).catch(() => [])) {
    const [, host, pid] = OURS.exec(name) ?? [];
    if (host === HOST && !isRunning(Number(pid))) await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}

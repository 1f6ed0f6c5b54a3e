import { readlinkSync } from 'node:fs';

/** Whether a process of this machine still runs; also true where that cannot be known. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: another user's
  }
}

/** On Linux, the namespace in which process numbers are valid: two containers may share a host name but not their pids. */
export function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary';

/** A folder with room for this many KiB; undefined where this user may not mount one. */
export function tinyDisk(kibibytes: number): string | undefined {
  const folder = join(temporaryFolder(), 'disk');
  mkdirSync(folder);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder]);
  if (status !== 0) return undefined;
  process.prependListener('exit', () => spawnSync('umount', ['-l', folder])); // before the folder is removed
  return folder;
}

import { spawnSync } from 'node:child_process';
import { ROOT } from './bundle';

/** Formatting and lint by Biome, in this terminal; `repair` rewrites what it can. Returns whether all is well. */
export function lint(repair = false): boolean {
  const biome = ['node_modules/@biomejs/biome/bin/biome', 'check', ...(repair ? ['--write'] : [])];
  return spawnSync(process.execPath, biome, { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

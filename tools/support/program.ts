import { spawnSync } from 'node:child_process';
import { bundledPath, bundlePrograms, ROOT } from './bundle';

/** Bundles one TypeScript file with its kernels and runs it in this terminal. Returns its exit status. */
export async function runProgram(file: string, args: readonly string[]): Promise<number> {
  await bundlePrograms([file]);
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', bundledPath(file), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status ?? 1;
}

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { generateShaderTypes } from '../wgsl-plugin';
import { ROOT } from './bundle';

/** Type-checks the whole repository, after writing the kernels' types. The errors go to this terminal. */
export function typeCheck(): boolean {
  generateShaderTypes();
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [compiler, '--noEmit', '-p', '.'], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

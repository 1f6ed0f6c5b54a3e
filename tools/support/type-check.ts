import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { generateShaderTypes } from '../wgsl-plugin';
import { ROOT } from './bundle';

/** The layers, each with the globals of its platform alone, and then everything. */
const PROJECTS = ['src', 'src/node', 'src/web', '.'];

/** Type-checks the whole repository, after writing the kernels' types. The errors go to this terminal. */
export function typeCheck(): boolean {
  generateShaderTypes();
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const check = (project: string) =>
    spawnSync(process.execPath, [compiler, '--noEmit', '-p', project], { cwd: ROOT, stdio: 'inherit' }).status === 0;
  return PROJECTS.map(check).every(Boolean);
}

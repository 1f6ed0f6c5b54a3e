import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { TOGGLES } from '../../src/node/dawn';
import type { Context } from '../suite/record';

/** What of a report's context is Node's to say. To be run from the root of a checkout. */
export function about(): Pick<Context, 'commit' | 'runtime' | 'toggles'> {
  const { version } = JSON.parse(readFileSync('node_modules/webgpu/package.json', 'utf8')) as { version: string };
  const runtime = { name: 'Dawn (npm webgpu)', version, platform: `Node ${process.version}, ${process.platform} ${process.arch}` };
  return { commit: commitOf('.'), runtime, toggles: TOGGLES };
}

/** The commit of a checkout, with a '+' where files differ from it; 'unknown' outside one. */
export function commitOf(folder: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

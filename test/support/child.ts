import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { bundledPath } from '../../tools/support/bundle';
import { temporaryFolder } from './temporary';

/**
 * Runs a program of test/ (NAME.program.ts) in a Node of its own, whose environment chooses the adapter. Returns the JSON
 * that it writes to the file that is its first argument.
 */
export async function runProgram<T>(name: string, environment: NodeJS.ProcessEnv, ...args: string[]): Promise<T> {
  const file = join(temporaryFolder(), 'report.json');
  const child = spawn(process.execPath, [bundledPath(`test/${name}.program.ts`), file, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.is(status, 0, `${name} ended with ${status}`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { wgsl } from '../../tools/wgsl-plugin';

const FOLDER = 'build/test-processes'; // below the root, where Node finds the packages

/** How a process ended, and what it printed. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Builds a program for the test file `owner` alone, since test files run at the same time. Returns its path. */
export async function buildProgram(owner: string, source: string): Promise<string> {
  const outfile = `${FOLDER}/${owner}/program/program.js`;
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(`${FOLDER}/${owner}/package.json`, '{ "version": "0.0.0", "type": "module" }'); // the command reads it
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [wgsl()],
  });
  return outfile;
}

/** Starts a program in a Node of its own; shell commands before it, such as `ulimit 1;`, are for its process alone. */
export function startProgram(
  program: string,
  args: readonly string[],
  shell = '',
): { process: ChildProcess; end: Promise<Run> } {
  const command = [process.execPath, program, ...args];
  const [first, ...rest] = shell ? ['sh', '-c', `${shell} exec "$0" "$@"`, ...command] : command;
  const child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const end = new Promise<Run>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { process: child, end };
}

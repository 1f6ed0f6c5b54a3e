import { type ChildProcess, spawn } from 'node:child_process';
import * as assert from 'uvu/assert';
import { buildEntry } from './build-entry';

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line program as one test file builds it for itself. */
export class Cli {
  readonly file: string;

  /** @param name of the test file */
  constructor(name: string) {
    this.file = buildEntry('src/node/cli/cli.ts', `cli-for-${name}`);
  }

  start(...args: string[]): Started {
    const child = spawn(process.execPath, [this.file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    return { process: child, end: ended(child) };
  }

  /** Runs a command to its end and checks its exit code. */
  async run(code: number, ...args: string[]): Promise<Run> {
    const result = await this.start(...args).end;
    assert.is(result.code, code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  /** Runs a line of bash, in which $CLI is the program with what runs it, to its end and checks its exit code. */
  async bash(code: number, line: string): Promise<Run> {
    const script = `set -o pipefail; CLI="${process.execPath} ${this.file}"; ${line}`;
    const result = await ended(spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] }));
    assert.is(result.code, code, `${line}\n${result.stdout}\n${result.stderr}`);
    return result;
  }
}

export interface Started {
  readonly process: ChildProcess;
  readonly end: Promise<Run>;
}

function ended(child: ChildProcess): Promise<Run> {
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', (text) => (stdout += text));
  child.stderr!.on('data', (text) => (stderr += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

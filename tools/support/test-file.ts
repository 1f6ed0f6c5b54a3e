import { spawn } from 'node:child_process';
import { bundledPath, ROOT } from './bundle';
import { parseUvuSummary, type TestCounts } from './uvu-summary';

const TIME_LIMIT_MINUTES = 10;
const MAX_REPORT = 20_000; // characters; a diff of two tensors can be megabytes

/** The result of one test file. `problem` says why it failed, also where no single test did. */
export interface FileResult extends TestCounts {
  readonly file: string;
  readonly seconds: number;
  readonly problem?: string;
  readonly output: string;
}

/** Runs one bundled test file in its own process. */
export async function runTestFile(file: string): Promise<FileResult> {
  const start = performance.now();
  const { output, exit } = await execute(bundledPath(file));
  const counts = parseUvuSummary(output);
  const problem = problemOf(counts, exit);
  return {
    file,
    passed: counts?.passed ?? 0,
    failed: counts?.failed || (problem ? 1 : 0),
    skipped: counts?.skipped ?? 0,
    seconds: (performance.now() - start) / 1000,
    problem,
    output: shorten(output),
  };
}

/** Why a file failed, given uvu's counts and how its process ended; undefined where it passed. */
export function problemOf(counts: TestCounts | undefined, exit: number | NodeJS.Signals): string | undefined {
  if (exit === 'SIGKILL') return `it ran longer than ${TIME_LIMIT_MINUTES} minutes or was killed`;
  if (!counts) return `it ended with ${exit} before uvu had counted its tests; does it call test.run()?`;
  if (counts.failed > 0) return `${counts.failed} of its tests failed`;
  if (counts.passed + counts.skipped === 0) return 'it ran no test; does it call test.run()?';
  return exit === 0 ? undefined : `its tests passed, but the process ended with ${exit}`;
}

function execute(program: string): Promise<{ output: string; exit: number | NodeJS.Signals }> {
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_LIMIT_MINUTES * 60_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ output, exit: signal ?? code! }));
  });
}

function shorten(output: string): string {
  if (output.length <= MAX_REPORT) return output;
  return `${output.slice(0, MAX_REPORT)}\n... ${output.length - MAX_REPORT} more characters`;
}

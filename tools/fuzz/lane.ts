import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_PROGRESS, type Progress, readProgress } from './progress';
import type { Target } from './target';
import type { Job, Message } from './worker';

export type Finding = Exclude<Message, 'done'>;

export interface Tally {
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly findings: number;
  readonly seconds: number;
}

export interface RunOptions {
  readonly seed: number;
  readonly first: number;
  readonly last: number;
  readonly seconds: number;
  /** s that one input may take; the worker starts in ten times as many */
  readonly patience: number;
  found(target: Target, finding: Finding): Promise<void>;
}

const HEAP = 1024; // MiB
const MOST_STOPS = 10;
const STDERR = 2000; // characters of what a worker wrote last

/** Runs a target in worker processes: after an input that hangs or ends one, a new one goes on with the next. */
export async function runTarget(target: Target, options: RunOptions): Promise<Tally> {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let tally = { inputs: 0, accepted: 0, refused: 0, findings: 0 };
  let { first } = options;
  for (let stops = 0; stops < MOST_STOPS && first < options.last && elapsed() < options.seconds; stops++) {
    const job = { target: target.name, seed: options.seed, first, last: options.last, seconds: options.seconds - elapsed() };
    const { progress, problem } = await runWorker(job, options, (finding) => options.found(target, finding));
    const stopped = problem === undefined ? 0 : 1;
    tally = {
      inputs: tally.inputs + progress.accepted + progress.refused + progress.findings + stopped,
      accepted: tally.accepted + progress.accepted,
      refused: tally.refused + progress.refused,
      findings: tally.findings + progress.findings + stopped,
    };
    if (problem === undefined) break;
    if (progress.iteration < 0) throw new Error(`the worker of ${target.name} does not start: ${problem}`);
    await options.found(target, { iteration: progress.iteration, problem });
    first = progress.iteration + 1;
  }
  return { ...tally, seconds: elapsed() };
}

/** One worker process. `problem` is there where it did not come to its end. */
async function runWorker(
  job: Omit<Job, 'folder' | 'progress'>,
  { patience }: RunOptions,
  found: (finding: Finding) => Promise<void>,
): Promise<{ progress: Progress; problem?: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'pyramidflow-fuzz-'));
  const progress = join(folder, 'progress');
  writeFileSync(progress, '');
  mkdirSync(join(folder, 'files'));
  const child = fork(process.argv[1], ['worker', JSON.stringify({ ...job, folder: join(folder, 'files'), progress })], {
    execArgv: ['--enable-source-maps', `--max-old-space-size=${HEAP}`],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let [done, hung, written] = [false, false, ''];
  const reports: Promise<void>[] = [];
  child.stderr!.setEncoding('utf8').on('data', (text) => (written = (written + text).slice(-STDERR)));
  child.on('message', (message: Message) => {
    if (message === 'done') done = true;
    else reports.push(found(message));
  });
  const watch = watchProgress(progress, patience, () => {
    hung = true;
    child.kill('SIGKILL');
  });
  const exit = await new Promise<string>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  clearInterval(watch);
  await Promise.all(reports);
  const reached = readProgress(progress);
  rmSync(folder, { recursive: true, force: true });
  if (hung) return { progress: reached, problem: `hang: no end after ${patience} s` };
  return done ? { progress: reached } : { progress: reached, problem: `crash: ${exit} ${reasonIn(written)}`.trim() };
}

/** Calls `hang` where the input under way stays the same for longer than `patience` seconds. */
function watchProgress(path: string, patience: number, hang: () => void): NodeJS.Timeout {
  let [last, since] = [NO_PROGRESS.iteration, performance.now()];
  return setInterval(() => {
    const { iteration } = readProgress(path);
    const limit = 1000 * patience * (iteration < 0 ? 10 : 1);
    if (iteration !== last) [last, since] = [iteration, performance.now()];
    else if (performance.now() - since > limit) hang();
  }, 100);
}

/** The line with the error, of all that a process wrote before it ended. */
function reasonIn(written: string): string {
  const lines = written.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /error|memory/i.test(line)) ?? lines.at(-1) ?? '';
}

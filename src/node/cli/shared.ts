import { InvalidArgumentError } from 'commander';
import { PyramidFlowError } from '../../core/errors';
import type { AdapterReport } from '../../gpu/device';
import type { Runtime } from '../../gpu/runtime';
import { MAX_PIXELS } from '../files/image-file';
import { printable, printableLines, writeOutput } from './terminal';

export const EXIT = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const;

/** A parser for options that are whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `Give a whole number of at least ${least}.`
        : `Give a whole number from ${least} to ${most}.`,
    );
  };
}

/** A parser for options that are numbers above zero. */
export function positiveNumber(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number above 0.');
}

/** The option of every command that reads pictures. */
export const MAX_PIXELS_OPTION = [
  '--max-pixels <n>',
  `pictures of more pixels are refused before they are decoded (default: ${MAX_PIXELS / 1e6} million)`,
  wholeNumber(1),
] as const;

/** Messages for people go to stderr: results alone go to stdout. */
export const notice = (text: string): void => console.error(printableLines(text));

/** Writes a command's result to stdout, as JSON or as text. Throws DataError where it cannot be written. */
export function printResult(json: boolean | undefined, result: unknown, text: () => string): void {
  writeOutput(`${json ? JSON.stringify(result, undefined, 2) : text()}\n`);
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Runs work that the first Ctrl-C asks to stop, by the signal that it is given; the second ends the process at once. */
export async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const stop = () => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    abort.abort();
    notice('\nstopping; press Ctrl-C again to end at once');
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    return await work(abort.signal);
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}

/** Why work on many pictures did not reach the last one. */
export type Ended = 'stopped' | PyramidFlowError | undefined;

/** The same in a word or a sentence, for JSON. */
export const endedText = (ended: Ended): string | undefined => (ended instanceof PyramidFlowError ? ended.problem : ended);

/** Sets the exit code of work on many pictures after its result is printed. Throws what ended it. */
export function finish(ended: Ended, failed: boolean, reached: string): void {
  if (failed) process.exitCode = EXIT.failed;
  if (ended === undefined) return;
  notice(ended === 'stopped' ? `stopped: ${reached}` : reached);
  if (ended !== 'stopped') throw ended;
  process.exitCode = EXIT.interrupted;
}

/** Opens the GPU, says which where it is a software driver, and closes it when `work` is done. */
export async function withRuntime<T>(work: (gpu: Runtime) => Promise<T>): Promise<T> {
  const { openRuntime } = await import('../dawn'); // loads Dawn, which --help can do without
  const gpu = await openRuntime();
  if (gpu.adapter.software) notice(`no GPU was found: computing on the CPU with ${adapterName(gpu.adapter)}`);
  try {
    return await work(gpu);
  } finally {
    gpu.destroy();
  }
}

export function adapterName({ description, device, vendor, architecture }: AdapterReport): string {
  return description || device || [vendor, architecture].filter(Boolean).join(' ') || 'an unnamed adapter';
}

/** Lines of a table with aligned columns; numbers are given as text. */
export function table(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of shown) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

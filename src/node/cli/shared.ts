import { InvalidArgumentError } from 'commander';
import { PyramidFlowError } from '../../core/errors';
import { adapterName } from '../../gpu/device';
import type { Runtime } from '../../gpu/runtime';
import type { OpenGpuOptions } from '../../gpu/workspace';
import { scaleFor } from '../../image/heat-map';
import { MAX_PIXELS } from '../files/image-file';
import { printable, printableLines, writeOutput } from './terminal';

export const EXIT = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const;

/** A parser of options that are whole numbers from `least` to `most`. */
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

/** A parser of options that are numbers above 0. */
export function positiveNumber(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number above 0.');
}

/** The option of every command that computes; its value is in bytes. */
export const WORKSPACE_OPTION = [
  '--workspace <MiB>',
  'memory for intermediate results of a convolution; more means fewer dispatches (default: 16; on hardware up to 512)',
  (text: string) => positiveNumber(text) * 2 ** 20,
] as const;

/** The option of every command that reads images. */
export const MAX_PIXELS_OPTION = [
  '--max-pixels <n>',
  `refuse images of more pixels before they are decoded (default: ${MAX_PIXELS / 1e6} million)`,
  wholeNumber(1),
] as const;

/** The largest value of the colour scale: as given, or twice the threshold of the model. Throws UsageError without either. */
export function colorScale(model: string, scale: number | undefined, threshold: number | undefined): number {
  if (scale !== undefined) return scale;
  if (threshold !== undefined) return scaleFor(threshold);
  const problem = `${model} has no threshold to take the colour scale from`;
  throw new PyramidFlowError('UsageError', problem, 'give the largest value of the scale', {
    details: { settings: ['scale'] },
  });
}

/** Writes a message to stderr: stdout takes results alone. */
export const notice = (text: string): void => console.error(printableLines(text));

/** Writes a command's result to stdout, as JSON or as text. Throws DataError where it cannot be written. */
export function printResult(json: boolean | undefined, result: unknown, text: () => string): void {
  writeOutput(`${json ? JSON.stringify(result, undefined, 2) : text()}\n`);
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Runs work that the first Ctrl-C stops through the signal it is given; the second Ctrl-C ends the process at once. */
export async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const stop = () => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    abort.abort();
    notice('\nstopping; press Ctrl-C again to quit at once');
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    return await work(abort.signal);
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}

/** Why a run over many images did not reach the last one. */
export type Ended = 'stopped' | PyramidFlowError | undefined;

/** The same in a word or a sentence, for JSON. */
export const endedText = (ended: Ended): string | undefined => (ended instanceof PyramidFlowError ? ended.problem : ended);

/** Sets the exit code of a run over many images, once its result is printed. Throws the error that ended it. */
export function finish(ended: Ended, failed: boolean, reached: string): void {
  if (failed) process.exitCode = EXIT.failed;
  if (ended === undefined) return;
  notice(ended === 'stopped' ? `stopped: ${reached}` : reached);
  if (ended !== 'stopped') throw ended;
  process.exitCode = EXIT.interrupted;
}

/** Opens the GPU for `work`, and closes it afterwards. */
export async function withRuntime<T>(
  work: (gpu: Runtime) => Promise<T>,
  options?: Pick<OpenGpuOptions, 'workspace'>,
): Promise<T> {
  const { openRuntime } = await import('../dawn'); // loads Dawn, which --help does not need
  const gpu = await openRuntime(options);
  if (gpu.adapter.software) notice(`no GPU was found; computing on the CPU with ${adapterName(gpu.adapter)}`);
  try {
    return await work(gpu);
  } finally {
    gpu.dispose();
  }
}

/** Lines of a table with aligned columns; numbers are given as text. */
export function table(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of shown) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

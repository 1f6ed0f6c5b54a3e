import { InvalidArgumentError } from 'commander';
import type { AdapterReport } from '../../gpu/device';
import type { Runtime } from '../../gpu/runtime';

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

/** Messages for people go to stderr: results alone go to stdout. */
export const notice = (text: string): void => console.error(text);

/** Writes a command's result to stdout, as JSON or as text. */
export function printResult(json: boolean | undefined, result: unknown, text: () => string): void {
  console.log(json ? JSON.stringify(result, undefined, 2) : text());
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
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** How far a worker is. Kept in a file, so that it is known also when the worker hangs or was killed. */
export interface Progress {
  /** the input under way, -1 before the first */
  readonly iteration: number;
  readonly accepted: number;
  readonly refused: number;
  readonly findings: number;
}

export const NO_PROGRESS: Progress = { iteration: -1, accepted: 0, refused: 0, findings: 0 };

export function writeProgress(file: number, { iteration, accepted, refused, findings }: Progress): void {
  writeSync(file, Float64Array.of(iteration, accepted, refused, findings), 0, 32, 0);
}

export function readProgress(path: string): Progress {
  const file = openSync(path, 'r');
  const numbers = new Float64Array(4);
  const bytes = readSync(file, numbers, 0, 32, 0);
  closeSync(file);
  if (bytes < 32) return NO_PROGRESS;
  const [iteration, accepted, refused, findings] = numbers;
  return { iteration, accepted, refused, findings };
}

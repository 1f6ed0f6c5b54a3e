import { convolutionEntries, encoderEntries } from './convolutions';
import type { Entry } from './entry';
import { fftEntries, fixedEntries } from './fixed';
import { mapEntries } from './kernels';
import { modelEntries } from './models';
import { overheadEntries } from './overhead';

export interface Selection {
  /** side of the images; the levels of the model have it, its half, ... */
  readonly size: number;
  /** one level alone, the second coarsest, and no encoder */
  readonly quick?: boolean;
  /** runs only entries whose group, name or shape contains this, in any case */
  readonly filter?: string;
}

const LEVELS = 4;

/** Everything that is timed except the rooflines. */
export function suite({ size, quick = false, filter = '' }: Selection): Entry[] {
  const sides = Array.from({ length: LEVELS }, (_, level) => size >> level);
  const chosen = quick ? [sides[2]] : sides;
  const entries = [
    ...chosen.flatMap(convolutionEntries),
    ...(quick ? [] : encoderEntries(size)),
    ...modelEntries(quick ? sides[2] : size),
    ...chosen.flatMap(mapEntries),
    ...fixedEntries(size),
    ...fftEntries().filter(({ shape }) => !quick || shape === '1x64x64'),
    ...overheadEntries(),
  ];
  const wanted = filter.toLowerCase();
  return entries.filter(({ group, name, shape }) => `${group} ${name} ${shape}`.toLowerCase().includes(wanted));
}

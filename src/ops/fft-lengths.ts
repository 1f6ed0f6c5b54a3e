import { PyramidFlowError } from '../core/errors';

const RADICES = [4, 2, 3, 5, 7];

/** The radix of each pass of an FFT of this length; undefined if it has a prime factor above 7. */
export function fftRadices(length: number): number[] | undefined {
  if (!Number.isInteger(length) || length < 1) return undefined;
  const passes: number[] = [];
  let rest = length;
  for (const radix of RADICES) {
    while (rest % radix === 0) {
      passes.push(radix);
      rest /= radix;
    }
  }
  return rest === 1 ? passes : undefined;
}

/**
 * The nearest lengths at and below, and at and above `length`, that the FFT supports and that are multiples of `step`. For less
 * than one step both are the step.
 *
 * @param step a length that the FFT supports; default 1
 */
export function nearestFftLengths(length: number, step = 1): { smaller: number; larger: number } {
  const isGood = (size: number) => fftRadices(size) !== undefined;
  let smaller = Math.max(step, Math.floor(length / step) * step);
  while (smaller > step && !isGood(smaller)) smaller -= step;
  let larger = Math.max(step, Math.ceil(length / step) * step);
  while (!isGood(larger)) larger += step;
  return { smaller, larger };
}

/**
 * The radices of a length.
 *
 * @throws PyramidFlowError ShapeError that names the nearest supported lengths
 */
export function requireRadices(length: number, what: string): number[] {
  const radices = fftRadices(length);
  if (radices) return radices;
  const { smaller, larger } = nearestFftLengths(length);
  throw new PyramidFlowError(
    'ShapeError',
    `${what} of ${length} has a prime factor above 7, which the FFT does not support`,
    `use ${smaller} or ${larger}`,
  );
}

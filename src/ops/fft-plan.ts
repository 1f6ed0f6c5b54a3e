import { PyramidFlowError } from '../core/errors';

const RADICES = [4, 2, 3, 5, 7];

/** The radices of the passes for a length whose factors are 2, 3, 5 and 7; undefined for any other. */
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
 * The nearest lengths, at most and at least `length`, that an FFT can have and that are multiples of `step`, which must
 * be such a length itself; below one step, both are the step.
 */
export function goodSizes(length: number, step = 1): { smaller: number; larger: number } {
  const isGood = (size: number) => fftRadices(size) !== undefined;
  let smaller = Math.max(step, Math.floor(length / step) * step);
  while (smaller > step && !isGood(smaller)) smaller -= step;
  let larger = Math.max(step, Math.ceil(length / step) * step);
  while (!isGood(larger)) larger += step;
  return { smaller, larger };
}

/** The radices, or a ShapeError that names the nearest good sizes. */
export function requireRadices(length: number, what: string): number[] {
  const radices = fftRadices(length);
  if (radices) return radices;
  const { smaller, larger } = goodSizes(length);
  throw new PyramidFlowError(
    'ShapeError',
    `${what} of ${length} has a prime factor above 7, which the FFT cannot take`,
    `use ${smaller} or ${larger}`,
  );
}

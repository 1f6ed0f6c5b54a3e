import { PyramidFlowError } from '../core/errors';

const DIGIT_BITS = 11;
const BUCKETS = 1 << DIGIT_BITS;

/**
 * The indices of `scores` from the highest score to the lowest; equal scores keep their order.
 *
 * @throws NumericError at a NaN
 */
export const argsortDescending = (scores: Float32Array): Uint32Array => argsort(descendingKeys(scores));

/** The indices of `keys` from the lowest to the highest, equal keys in their order: a radix sort of three 11-bit digits. */
export function argsort(keys: Uint32Array): Uint32Array {
  let order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  let spare = new Uint32Array(keys.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    scatter(keys, order, spare, shift);
    [order, spare] = [spare, order];
  }
  return order;
}

/**
 * Unsigned integers that rise as the scores fall, one for each distinct score: IEEE 754 bits, with the order of the
 * negative numbers reversed.
 *
 * @throws NumericError at a NaN
 */
export function descendingKeys(scores: Float32Array): Uint32Array {
  const keys = new Uint32Array(scores.length);
  new Float32Array(keys.buffer).set(scores);
  for (let i = 0; i < keys.length; i++) {
    if (Number.isNaN(scores[i])) {
      throw new PyramidFlowError(
        'NumericError',
        `score ${i} of ${scores.length} is NaN`,
        'look for non-finite values in the model and in the image that it came from',
      );
    }
    // -0 and +0 are equal scores and must share a key.
    if (keys[i] === 0x80000000) keys[i] = 0;
    if (keys[i]! < 0x80000000) keys[i] = ~(keys[i]! | 0x80000000);
  }
  return keys;
}

/** One stable counting pass over the digit that starts at bit `shift`. */
function scatter(keys: Uint32Array, from: Uint32Array, to: Uint32Array, shift: number): void {
  const starts = new Uint32Array(BUCKETS + 1);
  for (const key of keys) starts[((key >>> shift) & (BUCKETS - 1)) + 1]!++;
  for (let digit = 0; digit < BUCKETS; digit++) starts[digit + 1]! += starts[digit]!;
  for (const index of from) to[starts[(keys[index]! >>> shift) & (BUCKETS - 1)]!++] = index;
}

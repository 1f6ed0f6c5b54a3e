import { PyramidFlowError } from '../core/errors';

/** Fraction bits of a coefficient: 8 of an int32 hold the sample, 2 guard the sum, as in Pillow. */
export const PRECISION_BITS = 32 - 8 - 2;

/** Along one axis, which samples make an output sample, and with what weights. */
export interface Taps {
  /** First input index of each output. */
  starts: Int32Array;
  /** Fixed-point weights, `stride` an output; those past the end of its window are 0. */
  weights: Int32Array;
  /** Largest number of inputs an output takes. */
  stride: number;
}

/**
 * Coefficients of Pillow's antialiased BILINEAR resize for 8-bit images (its Resample.c), to the last bit: a triangle
 * one output pixel wide each side, widened by the scale where the image shrinks, normalised in float64, then rounded
 * half away from zero to PRECISION_BITS.
 *
 * @throws ShapeError unless both sizes are whole and at least 1
 */
export function bilinearTaps(inSize: number, outSize: number): Taps {
  for (const size of [inSize, outSize]) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw new PyramidFlowError('ShapeError', `cannot resize ${inSize} to ${outSize} pixels`, 'both must be 1 or more');
  }
  const scale = inSize / outSize;
  const support = Math.max(1, scale);
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  for (let out = 0; out < outSize; out++) {
    const center = (out + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inSize, Math.trunc(center + support + 0.5));
    starts[out] = start;
    // Multiplied by the reciprocal, since Pillow does and the last bit may depend on it.
    const inverse = 1 / support;
    const window = Array.from({ length: end - start }, (_, i) => triangle((i + start - center + 0.5) * inverse));
    const sum = window.reduce((total, weight) => total + weight, 0);
    window.forEach((weight, i) => {
      weights[out * stride + i] = Math.trunc(0.5 + (weight / sum) * (1 << PRECISION_BITS));
    });
  }
  return { starts, weights, stride };
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

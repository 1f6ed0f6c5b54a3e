/** A complex array in float64, its parts interleaved. */
export type Complex = Float64Array;

/**
 * The Fourier transform, not normalized, of each line of `length` in (outer, length, inner): the definition in float64.
 * @param sign -1: forward, 1: inverse
 */
export function dft(x: Complex, length: number, inner: number, sign: 1 | -1): Complex {
  const cosines = Float64Array.from({ length }, (_, t) => Math.cos((2 * Math.PI * t) / length));
  const sines = Float64Array.from({ length }, (_, t) => sign * Math.sin((2 * Math.PI * t) / length));
  const y = new Float64Array(x.length);
  for (let line = 0; line < x.length / 2 / length; line++) {
    const first = Math.floor(line / inner) * length * inner + (line % inner);
    for (let k = 0; k < length; k++) {
      let [re, im] = [0, 0];
      for (let n = 0, turn = 0; n < length; n++, turn = (turn + k) % length) {
        const at = 2 * (first + n * inner);
        re += x[at] * cosines[turn] - x[at + 1] * sines[turn];
        im += x[at] * sines[turn] + x[at + 1] * cosines[turn];
      }
      y.set([re, im], 2 * (first + k * inner));
    }
  }
  return y;
}

/** The 2-D transform of planes (P, height, width). */
export const dft2 = (x: Complex, height: number, width: number, sign: 1 | -1): Complex =>
  dft(dft(x, width, 1, sign), height, width, sign);

/** Real numbers as complex ones. */
export function toComplex(real: ArrayLike<number>): Complex {
  const x = new Float64Array(2 * real.length);
  for (let i = 0; i < real.length; i++) x[2 * i] = real[i];
  return x;
}

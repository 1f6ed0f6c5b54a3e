import type { Parameter } from '../autograd/parameters';
import { luDecompose, type Matrix, orthonormalize } from '../core/linear-algebra';
import type { Random } from '../core/random';
import { conv2d } from '../ops/conv/convolve';
import { linear } from '../ops/linear';
import { exp, mul, neg } from '../ops/math';
import { inverseMixingWeight, luWeight } from '../ops/mixing';
import { reshape } from '../ops/rearrange';
import { mean, sum } from '../ops/reduce';
import type { Tensor } from '../tensor/tensor';
import type { Bijection, Tensors } from './bijection';

/**
 * Mixing of channels: y = W x for every pixel, with W = P (L + I) (U + diag(sign exp(log_s))). It is the invertible 1x1 convolution of
 * Glow (Kingma and Dhariwal, 2018, section 3.2), and starts as a random rotation. x: (N, C) or (N, C, H, W).
 *
 * @param options volume: 'free', as in Glow; or 'one', which keeps |det W| = 1 by centring log_s (PyramidFlow, section 3.4);
 *   default 'free'
 * @example
 * new Flow(gpu, [3, 16, 16], [squeezed(), actNorm(), mixing(), coupling({ network: cnn(32) })])
 */
export function mixing({ volume = 'free' }: { volume?: 'free' | 'one' } = {}): Bijection {
  const free = volume === 'free';
  return {
    name: 'mixing',
    parameters: ([channels = 1], random) => randomRotation(channels, random),
    forward(x, p) {
      const w = luWeight(factors(p));
      const y = applied(x, free ? mul(w, exp(mean(p.log_s!))) : w); // luWeight has a determinant of one
      const pixels = x.size / x.shape[0]! / x.shape[1]!;
      return { y, logDet: free ? () => mul(sum(p.log_s!), pixels) : undefined };
    },
    inverse(y, p) {
      const w = inverseMixingWeight(factors(p));
      return applied(y, free ? mul(w, exp(neg(mean(p.log_s!)))) : w);
    },
  };
}

/** w (C, C, 1, 1) applied to points or pixels. */
function applied(x: Tensor, w: Tensor): Tensor {
  return x.shape.length === 4 ? conv2d(x, w) : linear(x, reshape(w, w.shape.slice(0, 2)));
}

const factors = (p: Tensors) => ({
  lower: p.lower!,
  logS: p.log_s!,
  upper: p.upper!,
  perm: p.perm!,
  sign: p.sign!,
});

/** The factors of a random rotation of C channels, by the names that they have in a model file. */
export function randomRotation(
  channels: number,
  random: Random,
): Record<'lower' | 'log_s' | 'upper' | 'perm' | 'sign', Parameter> {
  const { perm, lower, upper } = luDecompose(randomOrthonormal(channels, channels, random));
  const onDiagonal = (at: number) => at % (channels + 1) === 0;
  const diagonal = upper.data.filter((_, at) => onDiagonal(at));
  const entry = (shape: number[], values: Float64Array, trained = true) => ({
    shape,
    data: Float32Array.from(values),
    trained,
  });
  const square = [channels, channels];
  return {
    perm: entry(square, perm.data, false),
    lower: entry(square, lower.data),
    upper: entry(
      square,
      upper.data.map((value, at) => (onDiagonal(at) ? 0 : value)),
    ),
    log_s: entry(
      [channels],
      diagonal.map((value) => Math.log(Math.abs(value))),
    ),
    sign: entry([channels], diagonal.map(Math.sign), false),
  };
}

/** A matrix with random orthonormal columns; rows >= columns. */
export function randomOrthonormal(rows: number, columns: number, random: Random): Matrix {
  const data = Float64Array.from({ length: rows * columns }, () => random.normal());
  return orthonormalize({ rows, columns, data });
}

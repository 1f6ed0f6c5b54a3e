import { PyramidFlowError } from '../core/errors';
import { concat, channels as slice } from '../ops/channels';
import { fromExpressions } from '../ops/expressions';
import { add, sub } from '../ops/math';
import { sumItems } from '../ops/sums';
import type { Shape, Tensor } from '../tensor/tensor';
import type { Bijection } from './bijection';
import type { Network } from './networks';

/** How a coupling is made. */
export interface CouplingSettings {
  /** computes scale and shift from the unchanged half of the channels, and from the conditions */
  readonly network: Network;
  /** change the first half of the channels instead of the second; default false */
  readonly flip?: boolean;
  /** 'affine' as RealNVP, or 'additive' as NICE, which keeps volumes; default 'affine' */
  readonly kind?: 'affine' | 'additive';
  /** brings conditions of another size to the size of x, such as the operation `nearest`; default: they have its size */
  readonly resize?: (x: Tensor, height: number, width: number) => Tensor;
}

/** Log scales lie between -BOUND and BOUND, so that no step of training overflows. */
const BOUND = 2;
const bounded = fromExpressions('bounded', 'bound * tanh(a / bound)', { a: 'dy * (1 - (y / bound) * (y / bound))' }, [
  'bound',
]);
const scaled = fromExpressions('scaled', 'x * exp(s) + t', { x: 'dy * exp(s)', s: 'dy * x * exp(s)', t: 'dy' });
const unscaled = fromExpressions('unscaled', '(x - t) * exp(-s)', { x: 'dy * exp(-s)', s: '-dy * y', t: '-dy * exp(-s)' });

/**
 * Coupling: one half of the channels, a, stays as it is, and determines how the other, b, is changed:
 *
 *     affine:    b <- exp(s) b + t, with (s, t) = network(a, conditions), s between -2 and 2   (RealNVP, Dinh et al., 2017)
 *     additive:  b <- b + t, with t = network(a, conditions)                                    (NICE, Dinh et al., 2015)
 *
 * x: (N, C, ...) with C >= 2; conditions: (N, ., ...).
 *
 * @example
 * coupling({ network: mlp(64), flip: true })
 */
export function coupling({ network, flip = false, kind = 'affine', resize }: CouplingSettings): Bijection {
  const affine = kind === 'affine';
  const name = affine ? 'coupling' : 'additive coupling';
  /** a and b; of an odd number of channels, the first half is the larger one */
  const halves = (x: Tensor): [a: Tensor, b: Tensor] => {
    const [, count = 0] = x.shape;
    const first = Math.ceil(count / 2);
    const parts: [Tensor, Tensor] = [slice(x, 0, first), slice(x, first, count)];
    return flip ? [parts[1], parts[0]] : parts;
  };
  const joined = (a: Tensor, b: Tensor) => concat(flip ? [b, a] : [a, b]);
  const changes = (a: Tensor, p: Readonly<Record<string, Tensor>>, given: readonly Tensor[], count: number) => {
    const raw = network.forward(conditioned(name, a, given, resize), p);
    expectOutputs(name, raw, a, affine ? 2 * count : count);
    if (!affine) return { t: raw };
    return { s: bounded(slice(raw, 0, count), { bound: BOUND }), t: slice(raw, count, 2 * count) };
  };
  return {
    name,
    shape(x) {
      if ((x[0] ?? 0) < 2) {
        const problem = `${name} needs at least 2 channels, got items of [${x.join(', ')}]`;
        throw new PyramidFlowError('ShapeError', problem, 'use squeezed() before it, or condition it on another level');
      }
      return x;
    },
    parameters([count = 0, ...size], random, given) {
      const first = Math.ceil(count / 2);
      const [a, b] = flip ? [count - first, first] : [first, count - first];
      const inputs = given.reduce((sum, [own = 0]) => sum + own, a);
      return network.parameters([inputs, ...size], affine ? 2 * b : b, random);
    },
    forward(x, p, given) {
      const [a, b] = halves(x);
      const { s, t } = changes(a, p, given, b.shape[1]!);
      return { y: joined(a, s ? scaled(b, s, t) : add(b, t)), logDet: s && (() => sumItems(s)) };
    },
    inverse(y, p, given) {
      const [a, b] = halves(y);
      const { s, t } = changes(a, p, given, b.shape[1]!);
      return joined(a, s ? unscaled(b, s, t) : sub(b, t));
    },
  };
}

/** The network's input: a, and the conditions at its size. */
function conditioned(name: string, a: Tensor, given: readonly Tensor[], resize: CouplingSettings['resize']): Tensor {
  if (given.length === 0) return a;
  const size = a.shape.slice(2);
  const atSize = given.map((condition) => {
    if (`${condition.shape.slice(2)}` === `${size}`) return condition;
    if (resize && size.length === 2) return resize(condition, size[0]!, size[1]!);
    const problem = `${name}: a condition is [${condition.shape.join(', ')}], x is [${a.shape.join(', ')}]`;
    throw new PyramidFlowError('ShapeError', problem, 'pass resize: nearest, or conditions of the size of x');
  });
  return concat([a, ...atSize]);
}

function expectOutputs(name: string, raw: Tensor, { shape: [n, , ...size] }: Tensor, outputs: number): void {
  const expected: Shape = [n!, outputs, ...size];
  if (`${raw.shape}` === `${expected}`) return;
  const problem = `the network of ${name} returned [${raw.shape.join(', ')}], expected [${expected.join(', ')}]`;
  throw new PyramidFlowError('ShapeError', problem, 'let it return as many channels as `parameters` was told');
}

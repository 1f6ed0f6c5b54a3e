import { add, div, exp, log, mul, neg, sqrt, square, sub } from '../ops/math';
import { reshape } from '../ops/rearrange';
import { sum } from '../ops/reduce';
import { meanChannels } from '../ops/sums';
import type { Tensor } from '../tensor/tensor';
import type { Bijection } from './bijection';

const LEAST = 1e-6; // of a standard deviation

/**
 * y = exp(s) (x + b), with a scale and a shift for every channel, which start so that the first batch has mean 0 and standard deviation
 * 1 (Glow, Kingma and Dhariwal, 2018, section 3.1). x: (N, C, ...).
 *
 * @example
 * new Flow(gpu, [2], [actNorm(), coupling({ network: mlp(64) })])
 */
export function actNorm(): Bijection {
  return {
    name: 'actNorm',
    parameters: ([channels = 1]) => {
      const zeros = () => ({ shape: [channels], data: new Float32Array(channels) });
      return { s: zeros(), b: zeros() };
    },
    start(x, p) {
      const mean = meanChannels(x);
      const deviation = sqrt(meanChannels(square(sub(x, perChannel(mean, x)))));
      x.gpu.copy(neg(mean).slice, p.b!.slice);
      x.gpu.copy(neg(log(add(deviation, LEAST))).slice, p.s!.slice);
    },
    forward(x, p) {
      const y = mul(add(x, perChannel(p.b!, x)), perChannel(exp(p.s!), x));
      return { y, logDet: () => mul(sum(p.s!), x.size / x.shape[0]! / x.shape[1]!) };
    },
    inverse: (y, p) => sub(div(y, perChannel(exp(p.s!), y)), perChannel(p.b!, y)),
  };
}

/** (C) as (1, C, 1, ...), of as many dimensions as x. */
const perChannel = (values: Tensor, x: Tensor): Tensor =>
  reshape(values, [1, values.size, ...x.shape.slice(2).map(() => 1)]);

import { add, mul, square, sub } from '../ops/math';
import { mean } from '../ops/reduce';
import { sumItems } from '../ops/sums';
import type { Tensor } from '../tensor/tensor';

/**
 * The negative log likelihood of a flow under a standard normal latent, in nats per item: the mean over the batch of
 * sum(z^2) / 2 + D log(2 pi) / 2 - log det, with D values in all levels of an item.
 *
 * @param z the levels of the latent, (N, ...) each
 * @param logDet (N)
 * @returns [1]
 * @example
 * const loss = await flow.step(x, nll, adam);
 */
export function nll(z: readonly Tensor[], logDet: Tensor): Tensor {
  const values = z.reduce((sum, level) => sum + level.size / level.shape[0]!, 0);
  const squares = z.map((level) => sumItems(square(level))).reduce((a, b) => add(a, b));
  return mean(add(sub(mul(squares, 0.5), logDet), (values * Math.log(2 * Math.PI)) / 2));
}

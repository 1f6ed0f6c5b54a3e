import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import { sumTo } from './broadcast';
import { mul } from './math';
import { reshape } from './rearrange';

// Sums of items and channels, recorded, in a fixed order.

/**
 * The sum of every item: (N, ...) -> (N).
 *
 * @example
 * const squaredNorms = sumItems(square(x));
 */
export const sumItems = (x: Tensor): Tensor =>
  scope(() =>
    reshape(
      sumTo(
        x,
        x.shape.map((size, axis) => (axis === 0 ? size : 1)),
      ),
      [x.shape[0]!],
    ),
  );

/** The mean of every item: (N, ...) -> (N). */
export const meanItems = (x: Tensor): Tensor => scope(() => mul(sumItems(x), x.shape[0]! / x.size));

/** The sum of every channel, over batch and space: (N, C, ...) -> (C). */
export const sumChannels = (x: Tensor): Tensor =>
  scope(() =>
    reshape(
      sumTo(
        x,
        x.shape.map((size, axis) => (axis === 1 ? size : 1)),
      ),
      [x.shape[1]!],
    ),
  );

/** The mean of every channel, over batch and space: (N, C, ...) -> (C). */
export const meanChannels = (x: Tensor): Tensor => scope(() => mul(sumChannels(x), x.shape[1]! / x.size));

import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import { addBias } from './bias';
import { matmul } from './matmul';
import { misfit } from './shape';

/**
 * y = x w^T + bias: a fully connected layer, (N, I) -> (N, O).
 *
 * @param w (O, I)
 * @param bias (O); default none
 * @throws PyramidFlowError ShapeError if they do not fit
 * @example
 * const h = relu(linear(x, w, bias));
 */
export function linear(x: Tensor, w: Tensor, bias?: Tensor): Tensor {
  if (x.shape.length !== 2 || w.shape.length !== 2 || x.shape[1] !== w.shape[1]) {
    throw misfit('linear', { x, w }, 'pass x (N, I) and w (O, I)');
  }
  return scope(() => {
    const y = matmul(x, w, { transposeB: true });
    return bias ? addBias(y, bias) : y;
  });
}

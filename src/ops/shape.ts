import { PyramidFlowError } from '../core/errors';
import type { Shape, Tensor } from '../tensor/tensor';

/** N, C, H, W of an image tensor. Throws ShapeError for any other rank. */
export function imageShape(x: Tensor): [number, number, number, number] {
  if (x.shape.length !== 4) {
    throw new PyramidFlowError('ShapeError', `${x.label} has the shape [${x.shape}]`, 'give N x C x H x W');
  }
  return x.shape as unknown as [number, number, number, number];
}

/** Throws ShapeError unless `x` has exactly this shape. */
export function expectShape(x: Tensor, shape: Shape, operation: string): void {
  if (x.shape.length === shape.length && x.shape.every((size, i) => size === shape[i])) return;
  throw new PyramidFlowError('ShapeError', `${operation}: ${x.label} is [${x.shape}]`, `it must be [${shape}]`);
}

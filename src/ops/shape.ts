import { PyramidFlowError } from '../core/errors';
import type { Shape, Tensor } from '../tensor/tensor';

/** N, C, H, W of an image tensor. Throws ShapeError, which names the operation, for another number of axes. */
export function imageShape(x: Tensor, operation: string): [n: number, channels: number, height: number, width: number] {
  const [n, channels, height, width, ...more] = x.shape;
  if (width !== undefined && more.length === 0) return [n!, channels!, height!, width];
  const problem = `${operation}: expected ${x.label} as [N, C, H, W], got [${x.shape.join(', ')}]`;
  throw new PyramidFlowError('ShapeError', problem, 'pass a tensor of images');
}

/** Throws ShapeError unless `x` has exactly this shape. */
export function expectShape(x: Tensor, shape: Shape, operation: string): void {
  if (x.shape.length === shape.length && x.shape.every((size, i) => size === shape[i])) return;
  const problem = `${operation}: expected ${x.label} as [${shape.join(', ')}], got [${x.shape.join(', ')}]`;
  throw new PyramidFlowError('ShapeError', problem, 'make the shapes agree');
}

/** The ShapeError of an operation whose inputs do not fit each other, which names them all with their shapes. */
export function misfit(operation: string, inputs: Readonly<Record<string, Tensor>>, remedy: string): PyramidFlowError {
  const named = Object.entries(inputs).map(([name, x]) => `${name} = ${x.label} [${x.shape.join(', ')}]`);
  return new PyramidFlowError('ShapeError', `${operation}: ${named.join(' and ')} do not fit`, remedy);
}

/** N, C, H, W of a tensor that is known to have four axes. */
export const sizesOf = ({ shape }: Tensor) => shape as readonly [number, number, number, number];

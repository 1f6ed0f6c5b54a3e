import gatherKernel from '../../shaders/tensor/gather_strided.wgsl';
import { PyramidFlowError } from '../core/errors';
import { elements, type Shape, Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';

const MOST_AXES = 6;

/** The elements between neighbours along each axis of a row-major tensor. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => elements(shape.slice(axis + 1)));
}

/** Throws ShapeError for more axes than the kernels of this folder take. */
export function checkAxes(operation: string, shape: Shape): void {
  if (shape.length <= MOST_AXES) return;
  const problem = `${operation}: [${shape.join(', ')}] has ${shape.length} axes`;
  throw new PyramidFlowError('ShapeError', problem, `use at most ${MOST_AXES}; reshape joins neighbours`);
}

/**
 * y[i] = x[sum over axes of i[axis] * strides[axis]], of `shape`.
 *
 * @throws PyramidFlowError ShapeError for more than 6 axes
 */
export function gatherStrided(x: Tensor, shape: Shape, strides: readonly number[], operation: string): Tensor {
  checkAxes(operation, shape);
  const padded = (value: number, own: readonly number[]) =>
    [...Array<number>(MOST_AXES - own.length).fill(value), ...own] as [number, number, number, number, number, number];
  const [, size1, size2, size3, size4, size5] = padded(1, shape);
  const [stride0, stride1, stride2, stride3, stride4, stride5] = padded(0, strides);
  const y = Tensor.empty(x.gpu, shape, operation);
  x.gpu.run(gatherKernel, {
    tensors: { x, y },
    uniforms: {
      size: y.size,
      ...{ size1, size2, size3, size4, size5 },
      ...{ stride0, stride1, stride2, stride3, stride4, stride5 },
    },
    grid: linearGrid(y.size),
  });
  return y;
}

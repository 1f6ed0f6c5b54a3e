import combineKernel from '../../shaders/tensor/combine.wgsl';
import scaleKernel from '../../shaders/tensor/scale.wgsl';
import { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';
import { expectShape } from './shape';

/**
 * target <- a * target + b * value, in place.
 *
 * @throws PyramidFlowError ShapeError if the shapes differ
 */
export function combineInto(target: Tensor, a: number, value: Tensor, b: number): void {
  expectShape(value, target.shape, 'elementwise');
  target.gpu.run(combineKernel, {
    tensors: { x: value, y: target },
    uniforms: { size: target.size, a, b },
    grid: linearGrid(target.size),
  });
}

/** target <- target + value, in place. */
export const addInto = (target: Tensor, value: Tensor): void => combineInto(target, 1, value, 1);

/** target <- factor * target, in place. A factor of 0 sets every element to 0, even NaN. */
export const scaleInto = (target: Tensor, factor: number): void => scale(target, factor, 0);

/** Sets every element to `value`. */
export const fill = (target: Tensor, value: number): void => scale(target, 0, value);

/** A new tensor of x's shape, filled with 0. */
export function zerosLike(x: Tensor, label: string): Tensor {
  const zeros = Tensor.empty(x.gpu, x.shape, label);
  fill(zeros, 0);
  return zeros;
}

function scale(target: Tensor, factor: number, offset: number): void {
  target.gpu.run(scaleKernel, {
    tensors: { y: target },
    uniforms: { size: target.size, factor, offset },
    grid: linearGrid(target.size),
  });
}

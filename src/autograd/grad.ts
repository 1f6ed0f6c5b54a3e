import { fill } from '../ops/elementwise';
import { expectShape } from '../ops/shape';
import { scope } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { Tape } from './tape';

/**
 * The gradients of a scalar function.
 *
 * @param work computes the scalar, [1], by operations on tensors
 * @param of with respect to these tensors, on which `work` may depend
 * @returns the value, and one gradient for each of `of`; zeros where the value does not depend on it
 * @throws PyramidFlowError ShapeError if the result is not one number
 * @example
 * const { value, gradients: [dx, dw] } = grad(() => mean(square(linear(x, w))), [x, w]);
 */
export function grad(work: () => Tensor, of: readonly Tensor[]): { value: Tensor; gradients: Tensor[] } {
  return scope(() => {
    const tape = new Tape();
    tape.watch(...of);
    const value = tape.run(work);
    expectShape(value, [1], 'the function to differentiate');
    const found = tape.backward([[value, filled(value, 1)]]);
    return { value, gradients: of.map((tensor) => found.get(tensor) ?? filled(tensor, 0)) };
  });
}

/** A new tensor of the shape of `x`, filled with `value`. */
function filled(x: Tensor, value: number): Tensor {
  const made = Tensor.empty(x.gpu, x.shape, 'gradient');
  fill(made, value);
  return made;
}

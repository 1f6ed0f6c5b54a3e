import type { Tensor } from '../tensor/tensor';

/**
 * A differentiable operation, forward and backward side by side. What a backward computes, or a name such as `dx`, is called a
 * gradient.
 *
 * @typeParam I names of the input tensors
 * @typeParam A attributes (numbers, modes)
 * @typeParam S which tensors the backward reads; 'y' is the output
 */
export interface Op<I extends string, A, S extends I | 'y' = never> {
  readonly name: string;
  /** A tape keeps exactly these until the backward has run. */
  readonly saves: readonly S[];
  /**
   * Computes the output as a new tensor; the inputs are left unchanged.
   *
   * @throws PyramidFlowError ShapeError if the inputs do not fit the operation or each other
   */
  forward(inputs: Readonly<Record<I, Tensor>>, attrs: A): Tensor;
  /**
   * Functions that compute d(loss)/d(input) as new tensors, by input; an input without one has no gradient. A tape calls only
   * those that are needed.
   *
   * @param dy d(loss)/d(y)
   */
  backward(dy: Tensor, saved: Readonly<Record<S, Tensor>>, attrs: A): Partial<Record<I, () => Tensor>>;
}

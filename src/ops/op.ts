import type { Tensor } from '../tensor/tensor';

/**
 * A differentiable operation: forward and gradient side by side.
 * I: names of the input tensors. A: attributes (numbers, modes). S: which tensors the gradient reads; 'y' is the output.
 */
export interface Op<I extends string, A, S extends I | 'y' = never> {
  readonly name: string;
  /** A tape keeps exactly these until the gradient has run. */
  readonly saves: readonly S[];
  /** Makes a new tensor; inputs stay as they are. Throws ShapeError where the inputs do not fit. */
  forward(inputs: Readonly<Record<I, Tensor>>, attrs: A): Tensor;
  /**
   * How to make d(loss)/d(input) from dy = d(loss)/d(y), input by input; a tape calls those that something needs.
   * An input left out has no gradient. The results are new tensors.
   */
  gradient(dy: Tensor, saved: Readonly<Record<S, Tensor>>, attrs: A): Partial<Record<I, () => Tensor>>;
}

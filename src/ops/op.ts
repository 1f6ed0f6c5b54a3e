import { PyramidFlowError } from '../core/errors';
import type { Tensor } from '../tensor/tensor';

/**
 * A differentiable operation, forward and backward side by side. What a backward computes, or a name such as `dx`, is called a
 * gradient.
 *
 * @typeParam I names of the input tensors
 * @typeParam A attributes (numbers, modes)
 * @typeParam S which tensors the backward reads; 'y' is the output
 * @example
 * const negate: Op<'x', void> = {
 *   name: 'negate',
 *   saves: [],
 *   forward: ({ x }) => scaled(x, -1),
 *   backward: (dy) => ({ x: () => scaled(dy, -1) }),
 * };
 * const y = apply(negate, { x }, undefined);
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

/** One operation that has run. */
export interface Applied {
  readonly op: Op<string, unknown, string>;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly attrs: unknown;
  readonly y: Tensor;
}

/** What is told of every operation that `apply` runs: a tape. */
export interface Recorder {
  record(applied: Applied): void;
}

const open: (Recorder | undefined)[] = [];

/**
 * Runs `op` forward, and tells the innermost recorder of it.
 *
 * @returns a new tensor, which belongs to the scope, or to the caller
 * @throws PyramidFlowError ShapeError if the inputs do not fit; UsageError if the operation returns one of its inputs
 */
export function apply<I extends string, A, S extends I | 'y'>(
  op: Op<I, A, S>,
  inputs: Readonly<Record<I, Tensor>>,
  attrs: A,
): Tensor {
  const y = recordedBy(undefined, () => op.forward(inputs, attrs)); // operations within it are its own affair
  if (Object.values(inputs).includes(y)) {
    const remedy = 'return a new tensor: a copy, or a view, of the input';
    throw new PyramidFlowError('UsageError', `the operation ${op.name} returned its input ${y.label}`, remedy);
  }
  open.at(-1)?.record({ op: op as Applied['op'], inputs, attrs, y });
  return y;
}

/** Whether somebody is told of the operations that run now. */
export const isRecording = (): boolean => open.at(-1) !== undefined;

/** Runs `work`, whose operations `recorder` is told of, and no other; undefined: nobody is. */
export function recordedBy<T>(recorder: Recorder | undefined, work: () => T): T {
  open.push(recorder);
  try {
    return work();
  } finally {
    open.pop();
  }
}

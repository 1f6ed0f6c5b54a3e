import { PyramidFlowError } from '../core/errors';
import type { DType, Tensor } from './tensor';

type AnyTensor = Tensor<DType>;

/** What the function of a scope returns; tensors in it outlive the scope. */
type Held = unknown;

const open: Set<AnyTensor>[] = [];

/** Registers a new tensor with the innermost open scope. */
export function adopt(tensor: AnyTensor): void {
  open.at(-1)?.add(tensor);
}

/**
 * Runs `work` and frees every tensor made in it, except those that it returns.
 *
 * @param work synchronous; may return tensors by themselves, in arrays, in maps and in plain objects
 * @returns what `work` returns; its tensors belong to the enclosing scope, or to the caller
 * @throws PyramidFlowError UsageError if `work` returns a promise: what it makes after an `await` would belong to no scope
 * @example
 * const energy = scope(() => sumOfSquares(convolve(x, w))); // the result of the convolution is freed
 */
export function scope<T>(work: () => T): T {
  const made = new Set<AnyTensor>();
  open.push(made);
  let result: T | undefined;
  try {
    result = work();
    refusePromise(result);
    return result;
  } finally {
    open.pop();
    const kept = new Set(tensorsIn(result));
    for (const tensor of made) {
      if (kept.has(tensor)) adopt(tensor);
      else tensor.free();
    }
  }
}

/**
 * Lets a tensor outlive the open scopes: it lives until `free` is called.
 *
 * @returns the same tensor
 * @example
 * scope(() => {
 *   best = keep(flow.sample(1)[0]); // until best.free()
 * });
 */
export function keep<T extends AnyTensor>(tensor: T): T {
  for (const made of open) made.delete(tensor);
  return tensor;
}

/** Runs `work` outside all scopes: tensors made in it live until `free` is called. */
export function unscoped<T>(work: () => T): T {
  const made = new Set<AnyTensor>();
  open.push(made);
  try {
    return work();
  } finally {
    open.pop();
  }
}

function refusePromise(result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => undefined); // its error comes from work on tensors that this scope has freed
  const problem = 'a scope was given an asynchronous function';
  throw new PyramidFlowError('UsageError', problem, 'await outside the scope, and keep() what lives across an await');
}

function* tensorsIn(value: Held): Generator<AnyTensor> {
  if (typeof value !== 'object' || value === null) return;
  if ('slice' in value && 'gpu' in value) yield value as AnyTensor;
  else if (Array.isArray(value) || value instanceof Map) for (const item of value.values()) yield* tensorsIn(item);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) yield* tensorsIn(item);
  }
}

import type { Tensor } from './tensor';

/** What the function of a scope returns; tensors in it outlive the scope. */
type Held = unknown;

const open: Set<Tensor>[] = [];

/** Registers a new tensor with the innermost open scope. */
export function adopt(tensor: Tensor): void {
  open.at(-1)?.add(tensor);
}

/**
 * Runs `work` and frees every tensor made in it, except those that it returns.
 *
 * @param work synchronous; may return tensors by themselves, in arrays, in maps and in plain objects
 * @returns what `work` returns; its tensors belong to the enclosing scope, or to the caller
 * @example
 * const energy = scope(() => sumOfSquares(convolve(x, w))); // the result of the convolution is freed
 */
export function scope<T>(work: () => T): T {
  const made = new Set<Tensor>();
  open.push(made);
  let result: T | undefined;
  try {
    result = work();
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

/** Runs `work` outside all scopes: tensors made in it live until `free` is called. */
export function unscoped<T>(work: () => T): T {
  const made = new Set<Tensor>();
  open.push(made);
  try {
    return work();
  } finally {
    open.pop();
  }
}

function* tensorsIn(value: Held): Generator<Tensor> {
  if (typeof value !== 'object' || value === null) return;
  if ('slice' in value && 'gpu' in value) yield value as Tensor;
  else if (Array.isArray(value) || value instanceof Map) for (const item of value.values()) yield* tensorsIn(item);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) yield* tensorsIn(item);
  }
}

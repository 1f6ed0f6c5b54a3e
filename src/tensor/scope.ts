import type { Tensor } from './tensor';

/** Whatever a scope's function returns: tensors in it outlive the scope. */
type Held = unknown;

const open: Set<Tensor>[] = [];

/** Puts a new tensor under the innermost open scope. */
export function adopt(tensor: Tensor): void {
  open.at(-1)?.add(tensor);
}

/**
 * Runs `work` and frees every tensor made in it, save those that it returns (alone, in arrays or in plain objects):
 * they pass to the scope around this one. `work` must not be asynchronous.
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

/** Runs `work` with no scope around it: what it makes lives until it is freed by hand. */
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

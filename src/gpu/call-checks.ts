import { PyramidFlowError } from '../core/errors';
import type { Bindable, BufferSlice, ElementType, KernelCall, KernelSource } from './kernel';
import { OVERRIDE } from './specialise';

// Checks of what kernels are called with, for those who write kernels. Kernels of this package are called as TypeScript checks.

/**
 * Throws UsageError for a tensor or constant that the kernel does not have, for a missing tensor and for one of another type of
 * elements. It runs at every dispatch, and allocates nothing unless it throws.
 */
export function checkCall(
  kernel: KernelSource,
  { tensors, constants }: Pick<KernelCall<string, string, string>, 'tensors' | 'constants'>,
): void {
  checkNames(kernel.name, 'tensor', kernel.tensors, tensors);
  for (const { name, element } of kernel.tensors) {
    const tensor = tensors[name]!;
    if (tensor.dtype !== element && tensor.dtype !== undefined) throw otherType(kernel.name, name, element, tensor);
  }
  if (constants) checkConstants(kernel, constants);
}

/** The same for constants, which have defaults. */
export function checkConstants({ name, constants }: Pick<KernelSource, 'name' | 'constants'>, given: Given): void {
  for (const constant in given) if (!constants.includes(constant)) throw unknown(name, 'constant', constant, constants);
}

/** Throws UsageError for a missing or an unknown uniform, and for a value that its type cannot hold. */
export function checkUniforms({ name: kernel, uniforms }: Pick<KernelSource, 'name' | 'uniforms'>, given: Given): void {
  const fields = uniforms?.fields ?? [];
  checkNames(kernel, 'uniform', fields, given);
  for (const { name, type } of fields) checkNumber(kernel, 'uniform', name, type, given[name]);
}

/** Throws UsageError for a constant whose value its type cannot hold. */
export function checkConstantValues({ name, text }: Pick<KernelSource, 'name' | 'text'>, given: Given): void {
  for (const [, constant, type] of text.matchAll(OVERRIDE)) {
    const value = given[constant!];
    if (value !== undefined) checkNumber(name, 'constant', constant!, type as ElementType, value);
  }
}

/**
 * Throws UsageError for a tensor of another GPU, and for two tensors in one buffer where one is written: WebGPU refuses them unless
 * both are written and do not overlap.
 */
export function checkBuffers(
  { name: kernel, tensors: bindings }: Pick<KernelSource, 'name' | 'tensors'>,
  tensors: Readonly<Record<string, Bindable>>,
  device: GPUDevice,
): void {
  for (const [i, { name, access }] of bindings.entries()) {
    const { gpu, slice, label } = tensors[name]!;
    if (gpu && gpu.device !== device) {
      const problem = `kernel ${kernel}: tensor ${name} (${label}) is on another GPU runtime`;
      throw new PyramidFlowError('UsageError', problem, 'read it there, and make a tensor here');
    }
    for (const before of bindings.slice(0, i)) {
      const other = tensors[before.name];
      const written = before.access !== access || (access === 'read_write' && overlap(slice, other!.slice));
      if (!written || slice.buffer !== other!.slice.buffer) continue;
      const both = `${before.name} (${other!.label}) and ${name} (${label})`;
      const problem = `kernel ${kernel}: tensors ${both} lie in the same memory, and one of them is written`;
      throw new PyramidFlowError('UsageError', problem, 'pass a copy of one of them');
    }
  }
}

const overlap = (a: BufferSlice, b: BufferSlice): boolean => a.offset < b.offset + b.size && b.offset < a.offset + a.size;

const LARGEST = 3.4028234663852886e38; // f32
const NUMBERS: Readonly<Record<ElementType, string>> = {
  f32: 'a finite number that f32 can hold',
  u32: 'a whole number from 0 to 4294967295',
  i32: 'a whole number from -2147483648 to 2147483647',
};

function checkNumber(kernel: string, kind: string, name: string, type: ElementType, value: unknown): void {
  if (typeof value === 'number') {
    if (type === 'f32' ? Math.abs(value) <= LARGEST : (type === 'u32' ? value >>> 0 : value | 0) === value) return;
  }
  throw new PyramidFlowError('UsageError', `kernel ${kernel}: ${kind} ${name} is ${String(value)}`, `pass ${NUMBERS[type]}`);
}

function otherType(kernel: string, name: string, element: ElementType, { label, dtype }: Bindable): PyramidFlowError {
  const problem = `kernel ${kernel}: tensor ${name} has elements of ${element}, but ${label} is of ${dtype}`;
  return new PyramidFlowError('UsageError', problem, `pass a tensor of ${element}`);
}

/** What a call passes, by name. */
type Given = Readonly<Record<string, unknown>>;

function checkNames(kernel: string, kind: string, known: readonly { readonly name: string }[], given: Given): void {
  let count = 0;
  for (const _ in given) count++;
  for (const { name } of known) if (given[name] === undefined) throw mismatch(kernel, kind, known, given);
  if (count > known.length) throw mismatch(kernel, kind, known, given);
}

function mismatch(
  kernel: string,
  kind: string,
  known: readonly { readonly name: string }[],
  given: Given,
): PyramidFlowError {
  const names = known.map(({ name }) => name);
  const stranger = Object.keys(given).find((name) => !names.includes(name));
  if (stranger !== undefined) return unknown(kernel, kind, stranger, names);
  const missing = names.find((name) => given[name] === undefined);
  return new PyramidFlowError('UsageError', `kernel ${kernel} needs the ${kind} ${missing}`, `pass ${names.join(', ')}`);
}

const unknown = (kernel: string, kind: string, name: string, known: readonly string[]): PyramidFlowError =>
  new PyramidFlowError('UsageError', `kernel ${kernel} has no ${kind} ${name}`, `it has ${known.join(', ') || 'none'}`);

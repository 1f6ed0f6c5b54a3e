import { PyramidFlowError } from '../core/errors';
import { SHADER_STAGE } from './flags';
import { OVERRIDE } from './specialise';

/** A member of a uniform struct, as WGSL lays it out; its offset is in bytes. */
export interface UniformField {
  readonly name: string;
  readonly offset: number;
  readonly type: 'u32' | 'i32' | 'f32';
}

/** What the elements of a tensor are, or their components where a kernel reads them as vectors. */
export type ElementType = 'f32' | 'i32' | 'u32';

/** A tensor binding of a kernel. */
export interface TensorBinding {
  readonly name: string;
  readonly binding: number;
  readonly access: 'read' | 'read_write';
  readonly element: ElementType;
}

/**
 * A kernel: its text and what that binds, as `kernel` and the build read it (src/gpu/reflect.ts).
 *
 * @typeParam T names of the tensors that a call passes
 * @typeParam U names of the uniforms that a call passes
 * @typeParam C names of the constants (WGSL `override`s) that a call passes
 */
export interface KernelSource<T extends string = string, U extends string = string, C extends string = string> {
  readonly name: string;
  readonly text: string;
  readonly entry: string;
  readonly tensors: readonly (TensorBinding & { readonly name: T | (string & {}) })[];
  readonly uniforms?: { readonly binding: number; readonly size: number; readonly fields: readonly UniformField[] };
  readonly constants: readonly C[];
  /** whether a user wrote it, so that compile errors are for them to repair */
  readonly custom?: boolean;
  /** lines of the text before the author's own; default 0 */
  readonly preface?: number;
  /** Never set; it tells the type checker the names of the uniforms. */
  readonly uniformNames?: readonly U[];
}

/** A range of a GPU buffer, in bytes. */
export interface BufferSlice {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** What a kernel binds: all that this layer knows of a tensor. */
export interface Bindable {
  readonly slice: BufferSlice;
  readonly label: string;
  /** where the buffer lies, if known */
  readonly gpu?: { readonly device: GPUDevice };
  /** what the elements are, if known */
  readonly dtype?: ElementType;
}

/** The arguments of a kernel. */
export interface KernelCall<T extends string, U extends string, C extends string> {
  readonly tensors: Readonly<Record<T, Bindable>>;
  readonly uniforms: Readonly<Record<U, number>>;
  readonly constants?: Readonly<Record<C, number>>;
  /** workgroups in x, y and z */
  readonly grid: readonly [number, number, number];
}

/** The bytes of the uniform struct. Throws UsageError for a missing or an unknown field, and for a value that its type cannot hold. */
export function packUniforms(
  kernel: Pick<KernelSource, 'name' | 'uniforms'>,
  values: Readonly<Record<string, number>>,
): ArrayBuffer {
  const bytes = new ArrayBuffer(kernel.uniforms?.size ?? 0);
  const view = new DataView(bytes);
  const fields = kernel.uniforms?.fields ?? [];
  checkNames(kernel.name, 'uniform', fields, values);
  for (const { name, offset, type } of fields) {
    const value = values[name];
    checkNumber(kernel.name, 'uniform', name, type, value);
    if (type === 'f32') view.setFloat32(offset, value!, true);
    else if (type === 'i32') view.setInt32(offset, value!, true);
    else view.setUint32(offset, value!, true);
  }
  return bytes;
}

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

/** The bind group layout of all pipelines of a kernel. */
export function bindGroupLayout(kernel: KernelSource): GPUBindGroupLayoutDescriptor {
  const entries: GPUBindGroupLayoutEntry[] = kernel.tensors.map(({ binding, access }) => ({
    binding,
    visibility: SHADER_STAGE.COMPUTE,
    buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
  }));
  if (kernel.uniforms) {
    const { binding, size } = kernel.uniforms;
    entries.push({ binding, visibility: SHADER_STAGE.COMPUTE, buffer: { type: 'uniform', minBindingSize: size } });
  }
  return { label: kernel.name, entries };
}

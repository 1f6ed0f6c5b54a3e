import { PyramidFlowError } from '../core/errors';
import { SHADER_STAGE } from './flags';

/** One uniform struct member, as laid out by WGSL. Offset in bytes. */
export interface UniformField {
  readonly name: string;
  readonly offset: number;
  readonly type: 'u32' | 'i32' | 'f32';
}

/** One tensor binding of a kernel. */
export interface TensorBinding {
  readonly name: string;
  readonly binding: number;
  readonly access: 'read' | 'read_write';
}

/**
 * A kernel as `wgsl_reflect` read it from its file at build time (tools/wgsl-plugin.ts).
 * The type parameters are the names that a call must give: tensors, uniforms and constants (WGSL `override`s).
 */
export interface KernelSource<T extends string = string, U extends string = string, C extends string = string> {
  readonly name: string;
  readonly text: string;
  readonly entry: string;
  readonly tensors: readonly (TensorBinding & { readonly name: T | (string & {}) })[];
  readonly uniforms?: { readonly binding: number; readonly size: number; readonly fields: readonly UniformField[] };
  readonly constants: readonly C[];
  /** Never set: carries the names of the uniforms to the type checker. */
  readonly uniformNames?: readonly U[];
}

/** A stretch of a GPU buffer, in bytes. */
export interface BufferSlice {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** What a kernel can be bound to: a tensor, seen from below. */
export interface Bindable {
  readonly slice: BufferSlice;
  readonly label: string;
}

/** A kernel's arguments. `grid` counts workgroups. */
export interface KernelCall<T extends string, U extends string, C extends string> {
  readonly tensors: Readonly<Record<T, Bindable>>;
  readonly uniforms: Readonly<Record<U, number>>;
  readonly constants?: Readonly<Record<C, number>>;
  readonly grid: readonly [number, number, number];
}

/** The uniform struct's bytes. Throws UsageError for a field left out, and for one that the kernel does not have. */
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
    if (type === 'f32') view.setFloat32(offset, value, true);
    else if (type === 'i32') view.setInt32(offset, value, true);
    else view.setUint32(offset, value, true);
  }
  return bytes;
}

/**
 * Throws UsageError where a call names a tensor or constant that the kernel does not have, or leaves out a tensor. It is asked at
 * every dispatch, and allocates nothing where all is right.
 */
export function checkCall(
  kernel: KernelSource,
  { tensors, constants }: Pick<KernelCall<string, string, string>, 'tensors' | 'constants'>,
): void {
  checkNames(kernel.name, 'tensor', kernel.tensors, tensors);
  if (constants) checkConstants(kernel, constants);
}

/** The same for constants alone, which have defaults. */
export function checkConstants({ name, constants }: Pick<KernelSource, 'name' | 'constants'>, given: Given): void {
  for (const constant in given) if (!constants.includes(constant)) throw unknown(name, 'constant', constant, constants);
}

/** What a call gives, by name. */
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
  return new PyramidFlowError(
    'UsageError',
    `kernel ${kernel} needs the ${kind} ${missing}`,
    `give all of ${names.join(', ')}`,
  );
}

const unknown = (kernel: string, kind: string, name: string, known: readonly string[]): PyramidFlowError =>
  new PyramidFlowError('UsageError', `kernel ${kernel} has no ${kind} ${name}`, `it has ${known.join(', ') || 'none'}`);

/** The layout that all pipelines of a kernel share. */
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

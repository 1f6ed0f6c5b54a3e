import { SHADER_STAGE } from './flags';

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

/** The bytes of the uniform struct. */
export function packUniforms(
  { uniforms }: Pick<KernelSource, 'uniforms'>,
  values: Readonly<Record<string, number>>,
): ArrayBuffer {
  const bytes = new ArrayBuffer(uniforms?.size ?? 0);
  if (uniforms) writeUniforms(new DataView(bytes), uniforms.fields, values);
  return bytes;
}

/** Writes uniforms where the struct has them. */
export function writeUniforms(
  view: DataView,
  fields: readonly UniformField[],
  values: Readonly<Record<string, number>>,
): void {
  for (const { name, offset, type } of fields) {
    const value = values[name]!;
    if (type === 'f32') view.setFloat32(offset, value, true);
    else view.setUint32(offset, value, true);
  }
}

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

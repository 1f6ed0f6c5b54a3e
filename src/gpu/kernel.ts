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

/** The uniform struct's bytes: every field given, none unknown to the kernel. */
export function packUniforms(kernel: Pick<KernelSource, 'name' | 'uniforms'>, values: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(kernel.uniforms?.size ?? 0);
  const view = new DataView(bytes);
  for (const { name, offset, type } of kernel.uniforms?.fields ?? []) {
    const value = values[name];
    if (value === undefined) throw new TypeError(`kernel ${kernel.name} needs the uniform ${name}`);
    if (type === 'f32') view.setFloat32(offset, value, true);
    else if (type === 'i32') view.setInt32(offset, value, true);
    else view.setUint32(offset, value, true);
  }
  return bytes;
}

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

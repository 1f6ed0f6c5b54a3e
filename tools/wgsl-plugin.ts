import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { type StructInfo, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { KernelSource, UniformField } from '../src/gpu/kernel';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SHADERS = join(ROOT, 'shaders');

/** Loads `.wgsl` files as kernel tables: text, bindings, uniform layout and constants, all read by wgsl_reflect. */
export function wgsl(): Plugin {
  return {
    name: 'wgsl',
    setup(build) {
      build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => {
        const kernel = reflectKernel(basename(path, '.wgsl'), readFileSync(path, 'utf8'));
        return { contents: `export default ${JSON.stringify(kernel)};`, loader: 'js', watchFiles: [path] };
      });
    },
  };
}

/**
 * The layout of one kernel file: a single compute entry point with at most one uniform struct, everything in group 0.
 * Throws an Error that names the file where the kernel does not keep to that.
 */
export function reflectKernel(name: string, text: string): KernelSource {
  const reflected = new WgslReflect(text);
  const entries = reflected.entry.compute;
  if (entries.length !== 1) throw new Error(`${name}.wgsl has ${entries.length} compute entry points; write one a file`);
  const bindings = [...reflected.uniforms, ...reflected.storage].sort((a, b) => a.binding - b.binding);
  if (bindings.some((b) => b.group !== 0)) throw new Error(`${name}.wgsl binds outside group 0; put all into group 0`);
  if (reflected.uniforms.length > 1) throw new Error(`${name}.wgsl has several uniforms; use one struct`);
  const uniform = reflected.uniforms[0];
  return {
    name,
    text,
    entry: entries[0].name,
    tensors: bindings
      .filter((b) => b !== uniform)
      .map((b) => ({ name: b.name, binding: b.binding, access: b.access === 'read' ? 'read' : 'read_write' })),
    uniforms: uniform && { binding: uniform.binding, ...uniformLayout(name, uniform.type as StructInfo) },
    constants: reflected.overrides.map((o) => o.name),
  };
}

function uniformLayout(kernel: string, struct: StructInfo): { size: number; fields: UniformField[] } {
  const fields = struct.members.map(({ name, offset, type }) => {
    if (type.name !== 'u32' && type.name !== 'i32' && type.name !== 'f32') {
      throw new Error(`${kernel}.wgsl: uniform ${name} is ${type.name}; use u32, i32 or f32`);
    }
    return { name, offset, type: type.name as UniformField['type'] };
  });
  return { size: Math.ceil(struct.size / 16) * 16, fields };
}

/** Writes build/shaders.d.ts, which gives every `.wgsl` import the names of its tensors, uniforms and constants. */
export function generateShaderTypes(): void {
  const union = (names: readonly string[]) => names.map((n) => `'${n}'`).join(' | ') || 'never';
  const modules = kernelFiles().map(({ name, text }) => {
    const kernel = reflectKernel(name, text);
    const tensors = union(kernel.tensors.map((t) => t.name));
    const uniforms = union(kernel.uniforms?.fields.map((f) => f.name) ?? []);
    return `declare module '*/${name}.wgsl' {
  const kernel: import('../src/gpu/kernel').KernelSource<${tensors}, ${uniforms}, ${union(kernel.constants)}>;
  export default kernel;
}`;
  });
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  writeFileSync(join(ROOT, 'build', 'shaders.d.ts'), `${modules.join('\n')}\n`);
}

/** Every kernel file of shaders/, in name order. */
export function kernelFiles(): { name: string; text: string }[] {
  return readdirSync(SHADERS)
    .filter((file) => file.endsWith('.wgsl'))
    .sort()
    .map((file) => ({ name: basename(file, '.wgsl'), text: readFileSync(join(SHADERS, file), 'utf8') }));
}

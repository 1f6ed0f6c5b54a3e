import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { type StructInfo, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { KernelSource, UniformField } from '../src/gpu/kernel';
import type { RenderSource } from '../src/gpu/render';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SHADERS = join(ROOT, 'shaders');
const BENCHMARK_SHADERS = join(ROOT, 'benchmarks', 'shaders');

/** Shaders that draw, in a folder of their own, have a vertex and a fragment stage; all others are kernels. */
const RENDER = 'render';

/** Loads `.wgsl` files as tables: text, bindings, uniform layout and constants, all read by wgsl_reflect. */
export function wgsl(): Plugin {
  return {
    name: 'wgsl',
    setup(build) {
      build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => {
        const reflect = basename(dirname(path)) === RENDER ? reflectRender : reflectKernel;
        const shader = reflect(basename(path, '.wgsl'), readFileSync(path, 'utf8'));
        const text = build.initialOptions.minify ? withoutComments(shader.text) : shader.text;
        return { contents: `export default ${JSON.stringify({ ...shader, text })};`, loader: 'js', watchFiles: [path] };
      });
    },
  };
}

/** The text without comments and indentation; loops keep the mark by which they are unrolled. */
export function withoutComments(text: string): string {
  const lines = text.split('\n').map((line) => (/^\s*\/\/ unroll\s*$/.test(line) ? line : line.replace(/\/\/.*$/, '')).trim());
  return lines.filter(Boolean).join('\n');
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

/** The layout of one render shader: a vertex and a fragment stage, one uniform struct, everything in group 0. */
export function reflectRender(name: string, text: string): RenderSource {
  const reflected = new WgslReflect(text);
  const { vertex, fragment } = reflected.entry;
  const [uniform, more] = reflected.uniforms;
  if (vertex.length !== 1 || fragment.length !== 1) throw new Error(`${name}.wgsl needs one vertex and one fragment stage`);
  if (!uniform || more) throw new Error(`${name}.wgsl needs one struct of uniforms`);
  const others = [...reflected.storage, ...reflected.textures, ...reflected.samplers];
  if ([uniform, ...others].some((b) => b.group !== 0)) throw new Error(`${name}.wgsl binds outside group 0; put all into group 0`);
  return {
    name,
    text,
    vertex: vertex[0].name,
    fragment: fragment[0].name,
    bindings: others.map((b) => ({ name: b.name, binding: b.binding })),
    uniforms: { binding: uniform.binding, ...uniformLayout(name, uniform.type as StructInfo) },
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

/** Writes build/shaders.d.ts, which gives every `.wgsl` import the names of what it binds, its uniforms and constants. */
export function generateShaderTypes(): void {
  const union = (names: readonly string[]) => names.map((n) => `'${n}'`).join(' | ') || 'never';
  const modules = [...kernelFiles(), ...kernelFiles(BENCHMARK_SHADERS)].map(({ name, text }) => {
    const kernel = reflectKernel(name, text);
    const tensors = union(kernel.tensors.map((t) => t.name));
    const uniforms = union(kernel.uniforms?.fields.map((f) => f.name) ?? []);
    return `declare module '*/${name}.wgsl' {
  const kernel: import('../src/gpu/kernel').KernelSource<${tensors}, ${uniforms}, ${union(kernel.constants)}>;
  export default kernel;
}`;
  });
  for (const { name, text } of kernelFiles(join(SHADERS, RENDER))) {
    const { bindings, uniforms } = reflectRender(name, text);
    const types = `${union(bindings.map((b) => b.name))}, ${union(uniforms.fields.map((f) => f.name))}`;
    modules.push(`declare module '*/${name}.wgsl' {
  const shader: import('../src/gpu/render').RenderSource<${types}>;
  export default shader;
}`);
  }
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  writeFileSync(join(ROOT, 'build', 'shaders.d.ts'), `${modules.join('\n')}\n`);
}

/** Every kernel file below a folder, in name order. Throws an Error where two have one name: a kernel is known by it. */
export function kernelFiles(folder = SHADERS): { name: string; text: string }[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.wgsl') && dirname(file) !== RENDER)
    .map((file) => ({ name: basename(file, '.wgsl'), text: readFileSync(join(folder, file), 'utf8') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const twice = files.find(({ name }, i) => files[i + 1]?.name === name);
  if (twice) throw new Error(`two files are called ${twice.name}.wgsl; give each kernel a name of its own`);
  return files;
}

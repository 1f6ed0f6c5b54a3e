import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PartialMessage, Plugin } from 'esbuild';
import { type StructInfo, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { KernelSource, UniformField } from '../src/gpu/kernel';
import type { RenderSource } from '../src/gpu/render';
import { checkDialect } from './wgsl/dialect';
import { expandIncludes, ShaderError, type ShaderText } from './wgsl/shader-text';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SHADERS = 'shaders';
const BENCHMARK_SHADERS = 'benchmarks/shaders';

/** The folder of shaders that draw, with a vertex and a fragment stage, and of what is included; all others hold kernels. */
const RENDER = 'render';
const LIBRARY = 'lib';

/** Loads `.wgsl` files as tables: text, bindings, uniform layout and constants, all read by wgsl_reflect. */
export function wgsl(): Plugin {
  return {
    name: 'wgsl',
    setup(build) {
      const { absWorkingDir: root = process.cwd(), minify } = build.initialOptions;
      build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => {
        const file = relative(root, path).replaceAll('\\', '/');
        try {
          const { text, files } = readShader(root, file);
          const shader = (drawsOnly(file) ? reflectRender : reflectKernel)(basename(file, '.wgsl'), text);
          const table = { ...shader, text: minify ? withoutComments(text) : text };
          const watchFiles = files.map((name) => join(root, name));
          return { contents: `export default ${JSON.stringify(table)};`, loader: 'js', watchFiles };
        } catch (error) {
          if (!(error instanceof ShaderError)) throw error;
          return { errors: [messageOf(error)], watchFiles: [path, join(root, error.place.file)] };
        }
      });
    },
  };
}

/** A shader of the repository with what it includes, checked. */
function readShader(root: string, file: string): ShaderText {
  const read = (name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined);
  const shader = expandIncludes(file, read);
  checkDialect(shader, { fixed: drawsOnly(file) });
  return shader;
}

const drawsOnly = (file: string): boolean => basename(dirname(file)) === RENDER;

/** The message as esbuild shows it, which puts the place before it. */
function messageOf({ place: { file, line }, fault, remedy }: ShaderError): PartialMessage {
  return { text: `${fault}; ${remedy}`, location: { file, line } };
}

/** The text without comments and indentation; loops keep the mark by which they are unrolled. */
export function withoutComments(text: string): string {
  const lines = text.split('\n').map((line) => (/^\s*\/\/ unroll$/.test(line) ? line : line.replace(/\/\/.*$/, '')).trim());
  return lines.filter(Boolean).join('\n');
}

/**
 * The layout of one kernel file: a single compute entry point with at most one uniform struct, everything in group 0.
 * Throws an Error that names the file where a kernel differs from that.
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
  if ([uniform, ...others].some((b) => b.group !== 0))
    throw new Error(`${name}.wgsl binds outside group 0; put all into group 0`);
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
  const modules = [...shaderFiles(ROOT), ...shaderFiles(ROOT, BENCHMARK_SHADERS)].map(({ name, file, text }) => {
    if (drawsOnly(file)) {
      const { bindings, uniforms } = reflectRender(name, text);
      const types = `${union(bindings.map((b) => b.name))}, ${union(uniforms.fields.map((f) => f.name))}`;
      return moduleOf(name, 'shader', `import('../src/gpu/render').RenderSource<${types}>`);
    }
    const { tensors, uniforms, constants } = reflectKernel(name, text);
    const types = [tensors.map((t) => t.name), uniforms?.fields.map((f) => f.name) ?? [], constants].map(union).join(', ');
    return moduleOf(name, 'kernel', `import('../src/gpu/kernel').KernelSource<${types}>`);
  });
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  writeFileSync(join(ROOT, 'build', 'shaders.d.ts'), `${modules.join('\n')}\n`);
}

const moduleOf = (name: string, value: string, type: string): string =>
  `declare module '*/${name}.wgsl' {\n  const ${value}: ${type};\n  export default ${value};\n}`;

interface ShaderFile {
  readonly name: string;
  /** relative to the root */
  readonly file: string;
  /** with what it includes */
  readonly text: string;
}

/** Every kernel of the repository, in name order. */
export const kernelFiles = (root: string): ShaderFile[] => shaderFiles(root).filter(({ file }) => !drawsOnly(file));

/** Every shader below a folder, sorted by name. Throws an Error where two have the same name, which identifies a kernel. */
function shaderFiles(root: string, folder = SHADERS): ShaderFile[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.wgsl') && basename(dirname(file)) !== LIBRARY)
    .map((file) => ({ name: basename(file, '.wgsl'), file, text: readShader(root, file).text }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const twice = files.find(({ name }, i) => files[i + 1]?.name === name);
  if (twice) throw new Error(`two files are called ${twice.name}.wgsl; give each shader a name of its own`);
  return files;
}

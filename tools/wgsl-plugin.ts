import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { checkDialect } from '../src/gpu/dialect';
import { blankComments, KernelFault } from '../src/gpu/kernel-text';
import { entryOf, reflect, resourcesOf, uniformLayout } from '../src/gpu/reflect';
import type { RenderSource } from '../src/gpu/render';
import { type Reading, readShader, wgslPlugin } from '../src/node/wgsl/plugin';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SHADERS = 'shaders';
const BENCHMARK_SHADERS = 'benchmarks/shaders';

/** The folder of shaders that draw, with a vertex and a fragment stage, and of what is included; all others hold kernels. */
const RENDER = 'render';
const LIBRARY = 'lib';

const drawsOnly = (file: string): boolean => basename(dirname(file)) === RENDER;

export const READING: Reading = {
  resolve: (name) => (/^lib\/\w+\.wgsl$/.test(name) ? `${SHADERS}/${name}` : undefined),
  table: (name, text, file) => (drawsOnly(file) ? reflectRender : reflect)(name, text),
};

/** Loads the `.wgsl` files of this repository as tables: text, bindings, uniform layout and constants. */
export const wgsl = (): Plugin => wgslPlugin(READING);

/** The layout of one render shader: a vertex and a fragment stage, one uniform struct, everything in group 0. Throws KernelFault. */
export function reflectRender(name: string, text: string): RenderSource {
  checkDialect(text, { fixed: true });
  const code = blankComments(text);
  const bound = resourcesOf(code);
  const [uniform, more] = bound.filter(({ space }) => space === 'uniform');
  if (!uniform || more) throw new KernelFault(more?.at ?? 0, 'there is not one uniform', 'write one struct of uniforms');
  return {
    name,
    text,
    vertex: entryOf(code, 'vertex'),
    fragment: entryOf(code, 'fragment'),
    bindings: bound.filter((b) => b !== uniform).map((b) => ({ name: b.name, binding: b.binding })),
    uniforms: uniformLayout(code, uniform),
  };
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
    const { tensors, uniforms, constants } = reflect(name, text);
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

/** Every shader below a folder, sorted by name. Throws an Error where two have the same name, by which users know a kernel. */
function shaderFiles(root: string, folder = SHADERS): ShaderFile[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.wgsl') && basename(dirname(file)) !== LIBRARY)
    .map((file) => ({ name: basename(file, '.wgsl'), file, text: readShader(root, file, READING).shader.text }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const twice = files.find(({ name }, i) => files[i + 1]?.name === name);
  if (twice) throw new Error(`two files are called ${twice.name}.wgsl; give each shader a name of its own`);
  return files;
}

import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { PartialMessage, Plugin } from 'esbuild';
import { blankComments, KernelFault } from '../../gpu/kernel-text';
import { expandIncludes, ShaderError, type ShaderFiles, type ShaderText, shaderError } from './shader-text';

/** A table that a module with a shader exports. */
interface Table {
  readonly text: string;
}

/** How the shaders of a project are read. */
export interface Reading {
  readonly resolve: ShaderFiles['resolve'];
  /** the table of a shader's text; may throw KernelFault */
  table(name: string, text: string, file: string): Table;
}

/** An esbuild plugin that loads `.wgsl` files as tables. */
export function wgslPlugin(reading: Reading): Plugin {
  return {
    name: 'wgsl',
    setup(build) {
      const { absWorkingDir: root = process.cwd(), minify } = build.initialOptions;
      build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => {
        const file = relative(root, path).replaceAll('\\', '/');
        try {
          const { table, shader } = readShader(root, file, reading);
          const contents = { ...table, text: minify ? shortened(table.text) : table.text };
          const watchFiles = shader.files.map((name) => join(root, name));
          return { contents: `export default ${JSON.stringify(contents)};`, loader: 'js', watchFiles };
        } catch (error) {
          if (!(error instanceof ShaderError)) throw error;
          return { errors: [messageOf(error)], watchFiles: [path, join(root, error.place.file)] };
        }
      });
    },
  };
}

/** A shader with what it includes, and its table. */
export function readShader(root: string, file: string, { resolve, table }: Reading): { table: Table; shader: ShaderText } {
  const read = (name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined);
  const shader = expandIncludes(file, { read, resolve });
  try {
    return { table: table(basename(file, '.wgsl'), shader.text, file), shader };
  } catch (fault) {
    throw fault instanceof KernelFault ? shaderError(shader, fault) : fault;
  }
}

/** The message as esbuild shows it, which puts the place before it. */
function messageOf({ place: { file, line }, fault, remedy }: ShaderError): PartialMessage {
  return { text: `${fault}; ${remedy}`, location: { file, line } };
}

/** The text without comments, indentation and spaces that part nothing. Loops to unroll keep their mark, constants their form. */
export function shortened(text: string): string {
  const lines = blankComments(text).split('\n');
  return lines
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => (/^(?:override |\/\/|for )/.test(line) ? line : withoutSpaces(line)))
    .join('\n');
}

const OPERATOR = /[-+*/%=<>!&|^~]/;

/** Spaces stay between two words or numbers, and between two operators. */
function withoutSpaces(line: string): string {
  return line.replace(/(\S) +(?=(\S))/g, (all, before: string, after: string) => {
    const joins = /\w/.test(before) ? /[\w.]/.test(after) : OPERATOR.test(before) && OPERATOR.test(after);
    return joins ? all : before;
  });
}

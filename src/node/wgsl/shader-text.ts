import { PyramidFlowError } from '../../core/errors';
import { type KernelFault, placeOf } from '../../gpu/kernel-text';

/** A line of a shader file, named relative to the root. */
export interface Place {
  readonly file: string;
  /** from 1 */
  readonly line: number;
}

/** Something in a shader file that the build refuses. */
export class ShaderError extends PyramidFlowError {
  constructor(
    readonly place: Place,
    readonly fault: string,
    remedy: string,
  ) {
    super('UsageError', `${place.file}:${place.line}: ${fault}`, remedy);
  }
}

/** The error of a fault in the text of a shader. */
export function shaderError({ text, places }: ShaderText, { at, problem, remedy }: KernelFault): ShaderError {
  const { line, excerpt } = placeOf(text, at);
  return new ShaderError(places[line - 1]!, `${problem}: ${excerpt.split('\n')[0]!.trim()}`, remedy);
}

/** A shader with what it includes. */
export interface ShaderText {
  readonly text: string;
  /** where each line of the text is from */
  readonly places: readonly Place[];
  /** all files that it is made of, the shader first */
  readonly files: readonly string[];
}

/** The files of a project, named relative to its root. */
export interface ShaderFiles {
  /** the text of a file, undefined where there is none */
  read(file: string): string | undefined;
  /** the file that an include of `name` in `file` means, undefined where the name has not the form of one */
  resolve(name: string, file: string): string | undefined;
}

const INCLUDE = /^\/\/ #include "([^"]+\.wgsl)"$/;

/**
 * The text of a shader, in which every line `// #include "NAME.wgsl"` is replaced by that file the first time, and by nothing after.
 * Throws ShaderError for an include inside braces, a missing file and a circle of includes.
 */
export function expandIncludes(file: string, { read, resolve }: ShaderFiles): ShaderText {
  const lines: string[] = [];
  const places: Place[] = [];
  const files: string[] = [];
  add(file, textOf(file) ?? '', []);
  return { text: lines.join('\n'), places, files };

  /** @param within the files whose includes led here */
  function add(file: string, text: string, within: readonly string[]): void {
    const open = [...within, file];
    files.push(file);
    let depth = 0;
    text.split('\n').forEach((line, i) => {
      const place = { file, line: i + 1 };
      const [, name] = INCLUDE.exec(line) ?? [];
      const included = name && resolve(name, file);
      if (!included) {
        lines.push(line);
        places.push(place);
        depth += braces(line);
      } else if (depth > 0) {
        throw new ShaderError(place, 'an include stands inside braces', 'put it between declarations');
      } else {
        include(included, place, open);
      }
    });
  }

  function include(file: string, place: Place, open: readonly string[]): void {
    if (open.includes(file)) {
      throw new ShaderError(place, `${[...open, file].join(' includes ')}`, 'take one of these includes out');
    }
    if (files.includes(file)) return;
    const text = textOf(file);
    if (text === undefined) throw new ShaderError(place, `there is no ${file}`, 'correct the name, or write the file');
    add(file, text.replace(/\n$/, ''), open);
  }

  function textOf(file: string): string | undefined {
    return read(file)?.replaceAll('\r\n', '\n');
  }
}

/** The braces that a line opens, less those it closes. */
function braces(line: string): number {
  const code = line.replace(/\/\/.*/, '');
  return code.split('{').length - code.split('}').length;
}

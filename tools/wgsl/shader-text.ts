import { PyramidFlowError } from '../../src/core/errors';

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

/** A shader with what it includes. */
export interface ShaderText {
  readonly text: string;
  /** where each line of the text is from */
  readonly places: readonly Place[];
  /** all files that it is made of, the shader first */
  readonly files: readonly string[];
}

/** The text of a file named relative to the root, undefined where there is none. */
export type ReadFile = (file: string) => string | undefined;

const INCLUDE = /^\/\/ #include "(lib\/\w+\.wgsl)"$/;

/**
 * The text of a shader, in which every line `// #include "lib/NAME.wgsl"` is replaced by that file of shaders/ the first time,
 * and by nothing after. Throws ShaderError for an include inside braces, a missing file and a circle of includes.
 */
export function expandIncludes(file: string, read: ReadFile): ShaderText {
  const lines: string[] = [];
  const places: Place[] = [];
  const files: string[] = [];
  add(file, textOf(file, read) ?? '', []);
  return { text: lines.join('\n'), places, files };

  /** @param within the files whose includes led here */
  function add(file: string, text: string, within: readonly string[]): void {
    const open = [...within, file];
    files.push(file);
    let depth = 0;
    text.split('\n').forEach((line, i) => {
      const place = { file, line: i + 1 };
      const [, name] = INCLUDE.exec(line) ?? [];
      if (name === undefined) {
        lines.push(line);
        places.push(place);
        depth += braces(line);
      } else if (depth > 0) {
        throw new ShaderError(place, 'an include stands inside braces', 'put it between declarations');
      } else {
        include(`shaders/${name}`, place, open);
      }
    });
  }

  function include(file: string, place: Place, open: readonly string[]): void {
    if (open.includes(file)) {
      throw new ShaderError(place, `${[...open, file].join(' includes ')}`, 'take one of these includes out');
    }
    if (files.includes(file)) return;
    const text = textOf(file, read);
    if (text === undefined) throw new ShaderError(place, `there is no ${file}`, 'name a file of shaders/lib');
    add(file, text.replace(/\n$/, ''), open);
  }
}

const textOf = (file: string, read: ReadFile): string | undefined => read(file)?.replaceAll('\r\n', '\n');

/** The braces that a line opens, less those it closes. */
function braces(line: string): number {
  const code = line.replace(/\/\/.*/, '');
  return code.split('{').length - code.split('}').length;
}

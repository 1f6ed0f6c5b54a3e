import { evaluate } from './expression';
import { blankComments } from './kernel-text';

// The part of the dialect of shaders/README.md that is resolved when a pipeline is made.

/** A line that declares a constant of a kernel. */
export const OVERRIDE = /^override (\w+): (u32|i32|f32) = ([^;\n]+);/gm;
/** The mark and the head of a loop to unroll. */
export const UNROLLED =
  /\/\/ unroll\n[ \t]*for \(var (\w+)\s*=\s*([^;]+);\s*\1\s*<\s*([^;]+);\s*\1(?:\+\+|\s*\+=\s*1u?)\) \{/g;
const CONSTANT = /^\s*const\s+(\w+)\s*(?::\s*\w+)?\s*=\s*([^;]+);/gm;

/** A loop that is marked `// unroll` but cannot be unrolled. */
export class UnrollError extends Error {
  /** @param line of the mark, from 1 */
  constructor(
    readonly line: number,
    readonly problem: string,
  ) {
    super(`line ${line}: ${problem}`);
  }
}

/**
 * Specialises the text of a kernel for one pipeline: every `override` becomes a `const` with its given or default value, since not
 * every browser sizes workgroup arrays by overrides; every loop below a line `// unroll` is unrolled, since WGSL compilers do not do
 * that. Comments become spaces.
 *
 * @param options unroll: default true; without it every line stays where it was
 * @throws UnrollError for a loop that cannot be unrolled
 */
export function specialise(
  text: string,
  constants: Readonly<Record<string, number>>,
  { unroll = true }: { readonly unroll?: boolean } = {},
): string {
  const fixed = blankComments(text).replace(OVERRIDE, (_, name: string, type: string, initial: string) => {
    const value = constants[name] ?? initial;
    return `const ${name}: ${type} = ${type === 'f32' ? floatLiteral(value) : value};`;
  });
  return unroll ? unrollAll(fixed, integerConstants(fixed)) : fixed;
}

const floatLiteral = (value: number | string) => (Number.isInteger(Number(value)) ? Number(value).toFixed(1) : `${value}`);

/** The integer constants by name; NaN for a name with different values in different functions, which no loop may use. */
function integerConstants(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const [, name, expression] of text.matchAll(CONSTANT)) {
    const value = evaluate(expression!, values);
    if (value !== undefined) values.set(name!, (values.get(name!) ?? value) === value ? value : NaN);
  }
  return values;
}

/** Unrolls from the end of the text: inner loops come after the head of their outer loop, so they are unrolled first. */
function unrollAll(text: string, constants: Map<string, number>): string {
  for (let loop = lastMatch(text); loop; loop = lastMatch(text)) {
    const [header, name, first, end] = loop;
    const refuse = (problem: string): never => {
      throw new UnrollError(text.slice(0, loop!.index).split('\n').length, problem);
    };
    const bodyStart = loop.index + header.length;
    const bodyEnd = matchingBrace(text, bodyStart) ?? refuse('a loop marked `// unroll` is not closed');
    const from = evaluate(first!, constants);
    const to = evaluate(end!, constants);
    if (from === undefined || to === undefined) return refuse(`cannot unroll a loop from ${first} to ${end}`);
    const suffix = /\du$/.test(first!.trim()) ? 'u' : '';
    const body = text.slice(bodyStart, bodyEnd);
    const jump = /\b(?:break|continue)\b/.exec(body);
    if (jump) return refuse(`cannot unroll a loop that holds a ${jump[0]}`);
    const copies = Array.from(
      { length: Math.max(0, to - from) },
      (_, i) => `{ const ${name} = ${from + i}${suffix};${body}}`,
    );
    text = text.slice(0, loop.index) + copies.join('\n') + text.slice(bodyEnd + 1);
  }
  return text;
}

function lastMatch(text: string): RegExpExecArray | undefined {
  return [...text.matchAll(UNROLLED)].at(-1) as RegExpExecArray | undefined;
}

/** The position of the brace that closes the one open at `start`. */
function matchingBrace(text: string, start: number): number | undefined {
  const token = /[{}]/g;
  token.lastIndex = start;
  let depth = 1;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === '{') depth++;
    else if (--depth === 0) return found.index;
  }
  return undefined;
}

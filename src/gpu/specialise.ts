import { evaluate } from './expression';

// The dialect of shaders/README.md, as far as it is settled when a pipeline is made.

/** A whole line that declares a constant of a kernel. */
export const OVERRIDE = /^override (\w+): (u32|i32|f32) = ([^;\n]+);/gm;
/** The mark and the head of a loop that is written out. */
export const UNROLLED =
  /\/\/ unroll\n[ \t]*for \(var (\w+)\s*=\s*([^;]+);\s*\1\s*<\s*([^;]+);\s*\1(?:\+\+|\s*\+=\s*1u?)\) \{/g;
const CONSTANT = /^\s*const\s+(\w+)\s*(?::\s*\w+)?\s*=\s*([^;]+);/gm;

/** A loop is marked `// unroll` and cannot be written out. */
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
 * Makes a kernel's text ready for one pipeline: every `override` becomes a `const` of its given (or default) value,
 * so that workgroup arrays can be sized by it in every browser, and every loop under a line `// unroll` is written
 * out, since compilers of WGSL do not do that.
 */
export function specialise(text: string, constants: Readonly<Record<string, number>>): string {
  const fixed = text.replace(OVERRIDE, (_, name: string, type: string, initial: string) => {
    const value = constants[name] ?? initial;
    return `const ${name}: ${type} = ${type === 'f32' ? floatLiteral(value) : value};`;
  });
  return unrollAll(fixed, integerConstants(fixed));
}

const floatLiteral = (value: number | string) => (Number.isInteger(Number(value)) ? Number(value).toFixed(1) : `${value}`);

/** The integer constants by name; one that has two values in two functions is NaN, which no loop can end at. */
function integerConstants(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const [, name, expression] of text.matchAll(CONSTANT)) {
    const value = evaluate(expression, values);
    if (value !== undefined) values.set(name, (values.get(name) ?? value) === value ? value : NaN);
  }
  return values;
}

/** Innermost loops come last in the text, so unrolling from the end needs no nesting, and what is before a loop is as it was. */
function unrollAll(text: string, constants: Map<string, number>): string {
  for (let loop = lastMatch(text); loop; loop = lastMatch(text)) {
    const [header, name, first, end] = loop;
    const refuse = (problem: string): never => {
      throw new UnrollError(text.slice(0, loop!.index).split('\n').length, problem);
    };
    const bodyStart = loop.index + header.length;
    const bodyEnd = matchingBrace(text, bodyStart) ?? refuse('a loop marked `// unroll` is not closed');
    const from = evaluate(first, constants);
    const to = evaluate(end, constants);
    if (from === undefined || to === undefined) return refuse(`cannot unroll a loop from ${first} to ${end}`);
    const suffix = /\du$/.test(first.trim()) ? 'u' : '';
    const body = text.slice(bodyStart, bodyEnd);
    const jump = /\b(?:break|continue)\b/.exec(body.replace(/\/\/.*/g, ''));
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

/** Where the brace closes that is open at `start`; those in comments do not count. */
function matchingBrace(text: string, start: number): number | undefined {
  const token = /\/\/.*|[{}]/g;
  token.lastIndex = start;
  let depth = 1;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === '{') depth++;
    else if (found[0] === '}' && --depth === 0) return found.index;
  }
  return undefined;
}

import { evaluate } from './expression';

const OVERRIDE = /^(\s*)override\s+(\w+)\s*(?::\s*\w+)?\s*=\s*([^;]+);/gm;
const CONSTANT = /^\s*const\s+(\w+)\s*(?::\s*\w+)?\s*=\s*([^;]+);/gm;
const UNROLLED = /\/\/ unroll\s*\n\s*for \(var (\w+)\s*=\s*([^;]+);\s*\1\s*<\s*([^;]+);\s*\1(?:\+\+|\s*\+=\s*1u?)\) \{/g;

/**
 * Makes a kernel's text ready for one pipeline: every `override` becomes a `const` of its given (or default) value,
 * so that workgroup arrays can be sized by it in every browser, and every loop under a line `// unroll` is written
 * out, since compilers of WGSL do not do that.
 */
export function specialise(text: string, constants: Readonly<Record<string, number>>): string {
  const fixed = text.replace(OVERRIDE, (line, indent: string, name: string, initial: string) => {
    const type = /:\s*(\w+)/.exec(line)?.[1];
    const value = constants[name] ?? initial;
    return `${indent}const ${name}${type ? `: ${type}` : ''} = ${type === 'f32' ? floatLiteral(value) : value};`;
  });
  return unrollAll(fixed, integerConstants(fixed));
}

const floatLiteral = (value: number | string) => (Number.isInteger(Number(value)) ? Number(value).toFixed(1) : `${value}`);

function integerConstants(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const [, name, expression] of text.matchAll(CONSTANT)) {
    const value = evaluate(expression, values);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** Innermost loops come last in the text, so unrolling from the end needs no nesting. */
function unrollAll(text: string, constants: Map<string, number>): string {
  for (let loop = lastMatch(text); loop; loop = lastMatch(text)) {
    const [header, name, first, end] = loop;
    const bodyStart = loop.index + header.length;
    const bodyEnd = matchingBrace(text, bodyStart);
    const from = evaluate(first, constants);
    const to = evaluate(end, constants);
    if (from === undefined || to === undefined) throw new Error(`cannot unroll a loop from ${first} to ${end}`);
    const suffix = /\du$/.test(first.trim()) ? 'u' : '';
    const body = text.slice(bodyStart, bodyEnd);
    const copies = Array.from({ length: Math.max(0, to - from) }, (_, i) => `{ const ${name} = ${from + i}${suffix};${body}}`);
    text = text.slice(0, loop.index) + copies.join('\n') + text.slice(bodyEnd + 1);
  }
  return text;
}

function lastMatch(text: string): RegExpExecArray | undefined {
  return [...text.matchAll(UNROLLED)].at(-1) as RegExpExecArray | undefined;
}

function matchingBrace(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  throw new Error('a loop marked `// unroll` is not closed');
}

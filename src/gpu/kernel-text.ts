/** What the text of a kernel may not do, and where. */
export class KernelFault extends Error {
  /** @param at index in the text */
  constructor(
    readonly at: number,
    readonly problem: string,
    readonly remedy: string,
  ) {
    super(problem);
  }
}

/** The text with spaces instead of comments, so that every position stays; loops keep the mark by which they are unrolled. */
export function blankComments(text: string): string {
  const comment = /\/\/.*|\/\*/g;
  let blanked = '';
  let done = 0;
  for (let found = comment.exec(text); found; found = comment.exec(text)) {
    const end = found[0] === '/*' ? blockEnd(text, found.index) : comment.lastIndex;
    const kept = /^\/\/ unroll$/.test(found[0]) ? found[0] : text.slice(found.index, end).replace(/./g, ' ');
    blanked += text.slice(done, found.index) + kept;
    comment.lastIndex = done = end;
  }
  return blanked + text.slice(done);
}

/** The end of the block comment that starts at `start`; such comments may be nested. */
function blockEnd(text: string, start: number): number {
  const token = /\/\*|\*\//g;
  token.lastIndex = start;
  let depth = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return token.lastIndex;
  }
  throw new KernelFault(start, 'a comment is not closed', 'end it by */');
}

/** The line of an index, from 1, and that line with a caret under the place. */
export function placeOf(text: string, at: number): { line: number; excerpt: string } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, excerpt: excerptOf(text, before.length, before.at(-1)!.length) };
}

/** A line, from 1, with a caret under a column, from 0. */
export function excerptOf(text: string, line: number, column: number): string {
  const shown = text.split('\n')[line - 1];
  return `${shown}\n${shown!.slice(0, column).replace(/[^\t]/g, ' ')}^`;
}

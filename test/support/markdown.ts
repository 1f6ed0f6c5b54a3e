/** A fenced block of code. */
export interface Block {
  /** the word after the fence, in lower case; empty where there is none */
  readonly language: string;
  readonly code: string;
  /** of the fence, from 1 */
  readonly line: number;
  /** why it cannot run, by `<!-- not run: WHY -->` on the line above the fence */
  readonly notRun?: string;
}

interface Document {
  readonly blocks: readonly Block[];
  /** its lines, with those of blocks empty */
  readonly prose: readonly string[];
}

const FENCE = /^(\s*)(```+|~~~+)\s*([\w-]*)/;

export function parseMarkdown(text: string): Document {
  const lines = text.split('\n');
  const prose = [...lines];
  const blocks: Block[] = [];
  for (let start = 0; start < lines.length; start++) {
    const [fence, indent, marks, language] = FENCE.exec(lines[start]) ?? [];
    if (fence === undefined) continue;
    const length = lines.slice(start + 1).findIndex((line) => line.trim() === marks);
    if (length < 0) throw new Error(`line ${start + 1}: the block has no end`);
    const code = lines.slice(start + 1, start + 1 + length).map((line) => line.replace(indent, ''));
    const notRun = /^\s*<!-- not run: (.+) -->\s*$/.exec(lines[start - 1] ?? '')?.[1];
    blocks.push({ language: language.toLowerCase(), code: code.join('\n'), line: start + 1, notRun });
    prose.fill('', start, start + length + 2);
    start += length + 1;
  }
  return { blocks, prose };
}

/** A link or an image, or the text of an inline code, and where it stands. */
export interface Found {
  readonly text: string;
  readonly line: number;
}

/** Where links, images and definitions of links lead. */
export function linksIn({ prose }: Document): Found[] {
  const patterns = [
    /\]\(\s*<?([^)\s>]+)/g,
    /^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/g,
    /\b(?:href|src)="([^"]+)"/g,
    /<(https?:[^>]+)>/g,
  ];
  return foundIn(
    prose.map((line) => line.replace(/`[^`]*`/g, '')),
    patterns,
  );
}

export const inlineCodeIn = ({ prose }: Document): Found[] => foundIn(prose, [/`([^`]+)`/g]);

const foundIn = (lines: readonly string[], patterns: readonly RegExp[]): Found[] =>
  lines.flatMap((line, i) =>
    patterns.flatMap((pattern) => Array.from(line.matchAll(pattern), ([, text]) => ({ text, line: i + 1 }))),
  );

/** The anchors of the headings, as GitHub makes them. */
export function anchorsIn({ prose }: Document): Set<string> {
  const anchors = new Set<string>();
  for (const line of prose) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let unique = anchor;
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}

import { blankComments, KernelFault } from './kernel-text';
import { OVERRIDE, specialise, UNROLLED, UnrollError } from './specialise';

interface Fault {
  readonly problem: string;
  readonly remedy: string;
}

const INCLUDE = /#\s*(?:include|import)\b|^\s*\/\/\s*include\s*["'<]/i;
const NO_INCLUDE: Fault = {
  problem: 'an include that the build has not replaced',
  remedy:
    'in a file that the build reads, write // #include "NAME.wgsl" with nothing before or after it; elsewhere, insert the text',
};
const NO_LOOP: Fault = {
  problem: 'a mark of a loop that is not unrolled',
  remedy: 'write, in a kernel, // unroll alone on a line, and on the next for (var i = FROM; i < TO; i++) {',
};
const NO_OVERRIDE: Fault = {
  problem: 'an override that would not become a constant',
  remedy: 'write, in a kernel, override NAME: TYPE = DEFAULT; from the start of a line, TYPE being u32, i32 or f32',
};

/**
 * Throws KernelFault for a mark that looks like the dialect of shaders/README.md and would have no effect, and for a loop that cannot
 * be unrolled. `fixed` shaders, those that draw, go to the GPU as they are: in them no override and no such mark has an effect.
 */
export function checkDialect(text: string, { fixed = false } = {}): void {
  const code = blankComments(text);
  const linesOf = (pattern: RegExp) =>
    new Set(fixed ? [] : Array.from(code.matchAll(pattern), ({ index }) => lineAt(code, index)));
  const loops = linesOf(UNROLLED);
  const overrides = linesOf(OVERRIDE);
  const bare = code.split('\n');
  let start = 0;
  for (const [i, line] of text.split('\n').entries()) {
    const fault = faultOf(line, bare[i]!, loops.has(i), overrides.has(i));
    if (fault) throw new KernelFault(start + line.search(/\S/), fault.problem, fault.remedy);
    start += line.length + 1;
  }
  if (!fixed) checkLoops(text);
}

/**
 * @param code the line without comments
 * @param isLoop whether a loop that is unrolled begins here
 * @param isOverride whether an override that becomes a constant does
 */
function faultOf(line: string, code: string, isLoop: boolean, isOverride: boolean): Fault | undefined {
  if (INCLUDE.test(line)) return NO_INCLUDE;
  if (/unroll/i.test(line) && !(isLoop && /^\s*\/\/ unroll$/.test(line))) return NO_LOOP;
  const overrides = code.match(/\boverride\b/g)?.length ?? 0;
  return overrides === 0 || (overrides === 1 && isOverride) ? undefined : NO_OVERRIDE;
}

/** Whether the loops can be unrolled shows when it is done. */
function checkLoops(text: string): void {
  try {
    specialise(text, {});
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    const lines = text.split('\n').slice(0, error.line);
    const at = lines.join('\n').length - lines.at(-1)!.trimStart().length;
    throw new KernelFault(at, error.problem, 'let its ends be whole constants, and its body run to the end');
  }
}

/** The line, from 0, in which a match begins. */
const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length - 1;

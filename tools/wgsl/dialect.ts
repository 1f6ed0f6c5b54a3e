import { OVERRIDE, specialise, UNROLLED, UnrollError } from '../../src/gpu/specialise';
import { ShaderError, type ShaderText } from './shader-text';

interface Fault {
  readonly problem: string;
  readonly remedy: string;
}

/** What no line may contain. Includes have been replaced by now, so any that is left is malformed. */
const NEVER: readonly (readonly [found: RegExp, fault: Fault])[] = [
  [/\/\*/, { problem: 'a comment between /* and */', remedy: 'write // before each of its lines' }],
  [
    /#|^\s*\/\/\s*include\b/i,
    { problem: 'no include of the form // #include "lib/NAME.wgsl"', remedy: 'write that, with nothing before or after it' },
  ],
];

const MARK = 'write, in a kernel, // unroll alone on a line, and on the next for (var i = FROM; i < TO; i++) {';
const OVERRIDES = 'write, in a kernel, override NAME: TYPE = DEFAULT; from the start of a line, TYPE being u32, i32 or f32';

/**
 * Throws ShaderError for a mark that looks like the dialect of shaders/README.md and would have no effect, and for a loop that cannot
 * be written out. `fixed` shaders, those that draw, go to the GPU as they are: in them no override and no such mark has an effect.
 */
export function checkDialect({ text, places }: ShaderText, { fixed = false } = {}): void {
  const linesOf = (pattern: RegExp) =>
    new Set(fixed ? [] : Array.from(text.matchAll(pattern), ({ index }) => lineAt(text, index)));
  const loops = linesOf(UNROLLED);
  const overrides = linesOf(OVERRIDE);
  text.split('\n').forEach((line, i) => {
    const fault = faultOf(line, loops.has(i), overrides.has(i));
    if (fault) throw new ShaderError(places[i], `${fault.problem}: ${line.trim()}`, fault.remedy);
  });
  if (!fixed) checkLoops(text, places);
}

/** @param isLoop whether a loop that is written out begins here; @param isOverride whether an override that becomes a constant */
function faultOf(line: string, isLoop: boolean, isOverride: boolean): Fault | undefined {
  const never = NEVER.find(([found]) => found.test(line));
  if (never) return never[1];
  if (/unroll/i.test(line) && !(isLoop && /^\s*\/\/ unroll$/.test(line))) {
    return { problem: 'a mark of a loop that is not written out', remedy: MARK };
  }
  const overrides = line.replace(/\/\/.*/, '').match(/\boverride\b/g)?.length ?? 0;
  if (overrides === 0 || (overrides === 1 && isOverride)) return undefined;
  return { problem: 'an override that would not become a constant', remedy: OVERRIDES };
}

/** Whether the loops can be written out shows when it is done. */
function checkLoops(text: string, places: ShaderText['places']): void {
  try {
    specialise(text, {});
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    throw new ShaderError(
      places[error.line - 1],
      error.problem,
      'let its ends be whole constants, and its body run to the end',
    );
  }
}

/** The line, from 0, in which a match begins that may start with white space. */
const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length - 1;

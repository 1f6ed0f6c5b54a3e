import { PyramidFlowError } from '../../src/core/errors';
import { idOf, type Report } from '../suite/record';
import { type Ratio, ratioOfMedians } from '../suite/statistics';
import { adapterLine, markdownTable, textTable, threeDigits } from './table';

/** How much two runs on an idle machine may differ, relative to an entry's time. A smaller change is `same`, however certain. */
const SAME = 0.03;

export type Verdict = 'faster' | 'slower' | 'same' | 'unclear';

/** One entry of two reports; times in ms. */
export interface Compared extends Ratio {
  readonly id: string;
  readonly before: number;
  readonly after: number;
  readonly verdict: Verdict;
}

export interface Comparison {
  readonly before: string;
  readonly after: string;
  readonly rows: readonly Compared[];
  /** entries that cannot be compared, and why; differences between the two set-ups */
  readonly remarks: readonly string[];
}

/**
 * The verdict on a ratio of times, after / before: `faster` or `slower` where the whole 95 % interval is more than 3 % away from
 * 1, `same` where all of it is within 3 %, else `unclear`.
 */
export function verdictOn({ low, high }: Ratio): Verdict {
  if (high < 1 - SAME) return 'faster';
  if (low > 1 + SAME) return 'slower';
  return low >= 1 - SAME && high <= 1 + SAME ? 'same' : 'unclear';
}

/** Compares entry by entry. Throws UsageError for a software adapter against hardware, unless `force`. */
export function compareReports(before: Report, after: Report, force = false): Comparison {
  const adapters = [before, after].map(({ context }) => context.adapter);
  if (adapters[0].software !== adapters[1].software && !force) {
    throw new PyramidFlowError(
      'UsageError',
      `${adapters.map(adapterLine).join(' and ')} are hardware and software: comparing them says nothing about the kernels`,
      'compare software with software and hardware with hardware, or add --force',
    );
  }
  const second = new Map(after.benchmarks.map((benchmark) => [idOf(benchmark), benchmark]));
  const rows: Compared[] = [];
  const remarks: string[] = [];
  const lines = new Set(
    [before, after].map(({ context: { settings, runtime } }) => `${runtime.name} ${runtime.version}, size ${settings.size}`),
  );
  if (adapterLine(adapters[0]) !== adapterLine(adapters[1])) remarks.push('the adapters differ');
  if (lines.size > 1) remarks.push(`the set-ups differ: ${[...lines].join(' and ')}`);
  for (const first of before.benchmarks) {
    const id = idOf(first);
    const other = second.get(id);
    second.delete(id);
    if (!other) remarks.push(`${id} is only in the first`);
    else if (!first.samples?.length || !other.samples?.length)
      remarks.push(`${id}: ${first.status} before, ${other.status} after`);
    else if (first.clock !== other.clock)
      remarks.push(`${id}: timed by ${first.clock} clock before, by ${other.clock} after`);
    else {
      const ratio = ratioOfMedians(first.samples, other.samples);
      rows.push({ id, before: first.time!.median, after: other.time!.median, ...ratio, verdict: verdictOn(ratio) });
    }
  }
  remarks.push(...[...second.keys()].map((id) => `${id} is only in the second`));
  return { before: titleOf(before), after: titleOf(after), rows, remarks };
}

const titleOf = ({ context }: Report): string =>
  `${adapterLine(context.adapter)}, commit ${context.commit}, ${context.date}`;

const HEADINGS = ['what', 'verdict', 'before ms', 'after ms', 'after / before', '95 % interval'];

const cells = ({ rows }: Comparison): string[][] =>
  rows.map(({ id, verdict, before, after, ratio, low, high }) => {
    const interval = `${low.toFixed(3)} - ${high.toFixed(3)}`;
    return [id, verdict, threeDigits(before), threeDigits(after), ratio.toFixed(3), interval];
  });

/** Such as '3 faster, 12 same'. */
export function tally({ rows }: Comparison): string {
  const verdicts: readonly Verdict[] = ['faster', 'slower', 'same', 'unclear'];
  const counts = verdicts.map((verdict) => [rows.filter((row) => row.verdict === verdict).length, verdict] as const);
  return (
    counts
      .filter(([count]) => count > 0)
      .map((pair) => pair.join(' '))
      .join(', ') || 'nothing to compare'
  );
}

export function textComparison(comparison: Comparison): string {
  const { before, after, remarks } = comparison;
  return [
    `before  ${before}`,
    `after   ${after}`,
    '',
    textTable(HEADINGS, cells(comparison), 2),
    '',
    ...remarks.map((remark) => `! ${remark}`),
    `${tally(comparison)} (ratio of medians, 95 % bootstrap interval; same: within ${100 * SAME} %)`,
  ].join('\n');
}

export const markdownComparison = (comparison: Comparison): string =>
  [
    `- before: ${comparison.before}`,
    `- after: ${comparison.after}`,
    ...comparison.remarks.map((remark) => `- ${remark}`),
    `- ${tally(comparison)}`,
    '',
    markdownTable(HEADINGS, cells(comparison), 2),
    '',
  ].join('\n');

import { shortNumber, ticks } from '../../src/core/numbers';
import { svg } from './dom';
import { type Part, verdictOf } from './state';

const [WIDTH, HEIGHT] = [400, 190];
const MARGIN = { left: 44, right: 12, top: 14, bottom: 14 };

interface Plotted {
  readonly parts: readonly Part[];
  readonly selected?: Part;
  readonly threshold?: number;
  readonly scale: number;
  readonly live?: readonly number[];
}

/** The scores in order, one mark per part, or a line while the camera runs, and the threshold across them. */
export function scorePlot({ parts, selected, threshold, scale, live }: Plotted, select: (part: Part) => void): SVGElement {
  const scored = parts.filter(({ score }) => score !== undefined);
  const scores = live ?? scored.map(({ score }) => score!);
  const high = 1.06 * Math.max(scale, threshold ?? 0, ...scores) || 1;
  const x = (at: number) => MARGIN.left + ((at + 0.5) / Math.max(scores.length, 8)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (score: number) => HEIGHT - MARGIN.bottom - (score / high) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const rules = ticks(0, high, 4).map((value) => rule(y(value), shortNumber(value)));
  const marks = live
    ? [line(live.map((score, at) => `${x(at)},${y(score)}`))]
    : scored.map((part, at) => mark(part, x(at), y(part.score!)));
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': summary() },
    ...rules,
    ...limit(),
    ...marks,
  );

  function summary(): string {
    const above = threshold === undefined ? [] : scores.filter((score) => score > threshold);
    const judged = threshold === undefined ? '' : `, ${above.length} above the threshold of ${shortNumber(threshold)}`;
    return scores.length ? `Scores of ${scores.length} ${live ? 'frames' : 'parts'}${judged}` : 'No scores yet';
  }

  /** Good parts are dots, defective ones diamonds. */
  function mark(part: Part, cx: number, cy: number): SVGElement {
    const verdict = verdictOf(part.score, threshold) ?? 'none';
    const shape =
      verdict === 'defective' ? svg('path', { d: `M${cx} ${cy - 6}l6 6l-6 6l-6-6z` }) : svg('circle', { cx, cy, r: 4.5 });
    const ring = part === selected ? [svg('circle', { class: 'ring', cx, cy, r: 10 })] : [];
    const title = svg('title', {}, `${part.name}: ${shortNumber(part.score!)}`);
    const group = svg(
      'g',
      { class: `point ${verdict}` },
      title,
      svg('circle', { class: 'target', cx, cy, r: 11 }),
      ...ring,
      shape,
    );
    group.addEventListener('click', () => select(part));
    return group;
  }

  function limit(): SVGElement[] {
    if (threshold === undefined) return [];
    const at = y(threshold);
    return [
      svg('rect', {
        class: 'above',
        x: MARGIN.left,
        y: MARGIN.top / 2,
        width: WIDTH - MARGIN.left - MARGIN.right,
        height: Math.max(0, at - MARGIN.top / 2),
      }),
      svg('path', { class: 'limit', d: `M${MARGIN.left} ${at}H${WIDTH - MARGIN.right}` }),
    ];
  }
}

const line = (points: readonly string[]): SVGElement => svg('polyline', { class: 'live', points: points.join(' ') });

const rule = (at: number, text: string): SVGElement =>
  svg(
    'g',
    { class: 'rule' },
    svg('path', { d: `M${MARGIN.left} ${at}H${WIDTH - MARGIN.right}` }),
    svg('text', { x: MARGIN.left - 8, y: at + 4 }, text),
  );

import { ticks } from '../../src/core/numbers';
import { element, escapeHtml } from '../../src/core/svg';
import type { Benchmark } from '../suite/record';
import type { Comparison } from './compare';
import { threeDigits } from './table';

// Drawings as SVG text. Colours are classes, defined by a page's style sheet, or by STYLE in a separate file.

const WIDTH = 720;
const ROW = 36;
const LEFT = 8;
const FIGURES = 64; // width of the column of figures to the right
const AXIS = 24;

/** Colours of a drawing in its own file. */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #17191f; } .soft { fill: #5b6270; } .mid { text-anchor: middle; } .end { text-anchor: end; }
.rule { stroke: #dde1e8; } .one { stroke: #17191f; } .track { fill: #eceff4; } .compute, .faster { fill: #1b6fd0; stroke: #1b6fd0; }
.memory { fill: #0f8a6a; stroke: #0f8a6a; } .slower { fill: #c2410c; stroke: #c2410c; } .same, .unclear { fill: #7b8494; stroke: #7b8494; }
rect { stroke: none; } .box { fill: none; stroke: #17191f; }`;

/** One bar per entry: percent of the roofline that bounds it, on an axis that ends at the largest, but not below 100. */
export function rooflineBars(benchmarks: readonly Benchmark[], width = WIDTH): string {
  const right = width - FIGURES;
  const rows = benchmarks.filter(({ rates, group }) => rates?.percent !== undefined && group !== 'roofline');
  const most = Math.max(100, ...rows.map(({ rates }) => rates!.percent!));
  const x = (percent: number) => LEFT + (percent / most) * (right - LEFT);
  const height = rows.length * ROW + AXIS;
  return drawing('Percent of the roofline that bounds each entry', width, height, [
    ...ticks(0, most, 5).map((percent) => axisMark(x(percent), height, `${percent} %`, percent === 100 ? 'one' : 'rule')),
    ...rows.map(({ name, shape, rates }, i) =>
      [
        text(LEFT, i * ROW + 14, `${name} `, '', shape),
        element('rect', { class: 'track', x: LEFT, y: i * ROW + 19, width: right - LEFT, height: 10, rx: 3 }),
        element('rect', {
          class: rates!.bound!,
          x: LEFT,
          y: i * ROW + 19,
          width: Math.max(1, x(rates!.percent!) - LEFT),
          height: 10,
          rx: 3,
        }),
        text(width - 4, i * ROW + 28, `${threeDigits(rates!.percent)} %`, 'end'),
      ].join(''),
    ),
  ]);
}

/** Every sample of an entry as a mark over its median, 10 % and 90 % quantiles as a box. */
export function distribution({ samples = [], time, name }: Benchmark, width = WIDTH): string {
  if (!time) return '';
  const [low, high] = [Math.min(...samples), Math.max(...samples)];
  const room = (high - low) * 0.04 || low * 0.01;
  const x = (ms: number) => LEFT + ((ms - low + room) / (high - low + 2 * room)) * (width - 2 * LEFT);
  return drawing(`${name}: ${samples.length} samples, median ${threeDigits(time.median)} ms`, width, 56, [
    element('rect', { class: 'box', x: x(time.p10), y: 8, width: x(time.p90) - x(time.p10), height: 20, rx: 3 }),
    element('line', { class: 'one', x1: x(time.median), x2: x(time.median), y1: 4, y2: 32 }),
    ...samples.map((ms) => element('circle', { class: 'compute', cx: x(ms), cy: 18, r: 3.5, 'fill-opacity': 0.55 })),
    text(LEFT, 48, `${threeDigits(low)} ms`, 'soft'),
    text(x(time.median), 48, x(time.median) > 110 && x(time.median) < width - 110 ? threeDigits(time.median) : '', 'mid'),
    text(width - LEFT, 48, `${threeDigits(high)} ms`, 'soft end'),
  ]);
}

/** One ratio per entry, with its interval, on a logarithmic axis: left of 1 the second report is faster. */
export function ratioPlot({ rows }: Comparison, width = WIDTH): string {
  const right = width - FIGURES;
  const ends = rows.flatMap(({ low, high }) => [low, 1 / low, high, 1 / high]);
  const most = Math.max(1.25, ...ends) * 1.05;
  const x = (ratio: number) => LEFT + ((Math.log(ratio) / Math.log(most) + 1) / 2) * (right - LEFT);
  const height = rows.length * ROW + AXIS;
  const marks = [0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10].filter((ratio) => ratio <= most && 1 / ratio <= most);
  return drawing('Time after, relative to before: left is faster', width, height, [
    ...marks.map((ratio) => axisMark(x(ratio), height, String(ratio), ratio === 1 ? 'one' : 'rule')),
    ...rows.map(({ id, low, high, ratio, verdict }, i) =>
      [
        text(LEFT, i * ROW + 14, id),
        element('line', { class: verdict, x1: x(low), x2: x(high), y1: i * ROW + 24, y2: i * ROW + 24, 'stroke-width': 3 }),
        element('circle', { class: verdict, cx: x(ratio), cy: i * ROW + 24, r: 5 }),
        text(width - 4, i * ROW + 28, ratio.toFixed(2), 'end'),
      ].join(''),
    ),
  ]);
}

/** A drawing as a file, on white. */
export const standalone = (svg: string): string =>
  svg.replace(
    /^<svg ([^>]*)>/,
    `<svg xmlns="http://www.w3.org/2000/svg" $1><style>${STYLE}</style><rect width="100%" height="100%" fill="#fff"/>`,
  );

function drawing(title: string, width: number, height: number, body: readonly string[]): string {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title };
  return element('svg', attributes, [element('title', {}, title), ...body]);
}

const axisMark = (x: number, height: number, label: string, kind: string): string =>
  element('line', { class: kind, x1: x, x2: x, y1: 0, y2: height - AXIS + 4 }) +
  text(x, height - 6, label, x > 2 * LEFT ? 'soft mid' : 'soft');

const text = (x: number, y: number, words: string, kind?: string, soft = ''): string =>
  element('text', { class: kind, x, y }, [escapeHtml(words), soft && element('tspan', { class: 'soft' }, soft)]);

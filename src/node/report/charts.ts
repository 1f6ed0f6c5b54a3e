import type { EpochLog } from '../../checkpoint/checkpoint';
import { shortNumber, ticks } from '../../core/numbers';
import { extent } from '../../core/statistics';
import { drawing, element, linear, type Scale } from '../../core/svg';
import { HEAT } from '../../image/colormap';

/** Of every drawing, in its own units. */
const WIDTH = 640;
const HEIGHT = 240;
const MARGIN = { left: 64, right: 16, top: 12, bottom: 40 };
const RIGHT = WIDTH - MARGIN.right;
/** The most epochs that each get a dot, and the most marks of a row that are all drawn. */
const [MOST_DOTS, MOST_MARKS] = [300, 1000];

/** The loss of every epoch as a line; of very many, as a line with the same peaks. */
export function trainingCurve(log: readonly EpochLog[]): string {
  const losses = log.map(({ loss }) => loss);
  const [firstEpoch, lastEpoch] = [log[0]!.epoch, log.at(-1)!.epoch];
  const [low, high] = padded(...extent(losses));
  const x = linear(firstEpoch - 0.5, lastEpoch + 0.5, MARGIN.left, RIGHT);
  const y = linear(low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const points = peaks(log).map(({ epoch, loss }) => `${x(epoch).toFixed(1)},${y(loss).toFixed(1)}`);
  const dotted = log.length <= MOST_DOTS ? log : [];
  const dots = dotted.map(({ epoch, loss }) => dot(x(epoch), y(loss), 3.5, `epoch ${epoch}: loss ${shortNumber(loss)}`));
  const epochs = lastEpoch > firstEpoch ? ticks(firstEpoch, lastEpoch, 10).filter(Number.isInteger) : [firstEpoch];
  const [first, last] = [losses[0]!, losses.at(-1)!].map(shortNumber);
  return drawing(`Training loss by epoch, from ${first} to ${last}`, WIDTH, HEIGHT, [
    ...ticks(low, high, 4).map((loss) => rule(MARGIN.left, y(loss), shortNumber(loss))),
    ...epochs.map((epoch) => below(x(epoch), HEIGHT - 22, String(epoch))),
    below((MARGIN.left + RIGHT) / 2, HEIGHT - 5, 'epoch'),
    element('polyline', { class: 'line', points: points.join(' ') }),
    element('g', { class: 'dots' }, dots),
  ]);
}

/** A log as long as a drawing can show: of each stretch of epochs, those with the lowest and the highest loss. */
function peaks(log: readonly EpochLog[]): readonly EpochLog[] {
  if (log.length <= 2 * WIDTH) return log;
  const size = Math.ceil(log.length / WIDTH);
  return Array.from({ length: Math.ceil(log.length / size) }, (_, i) => {
    const stretch = log.slice(i * size, (i + 1) * size);
    const lowest = stretch.reduce((a, b) => (b.loss < a.loss ? b : a));
    const highest = stretch.reduce((a, b) => (b.loss > a.loss ? b : a));
    return lowest.epoch < highest.epoch ? [lowest, highest] : [highest, lowest];
  }).flat();
}

/** An image in a chart of scores. */
export interface Scored {
  readonly path: string;
  readonly defect: string;
  readonly score: number;
}

const STRIPS = { left: 150, top: 26, row: 36 };

/**
 * One mark an image: its score along the axis, one row for every kind of defect, the threshold as a line. Of
 * very many in a row, those that lie on the same spot have one mark.
 */
export function scoreStrips(images: readonly Scored[], threshold: number | undefined): string {
  const kinds = [...new Set(images.map(({ defect }) => defect))].sort(goodFirst);
  const values = [...images.map(({ score }) => score), ...(threshold === undefined ? [] : [threshold])];
  const [low, high] = padded(...extent(values));
  const bottom = STRIPS.top + kinds.length * STRIPS.row;
  const height = bottom + MARGIN.bottom;
  const x = linear(low, high, STRIPS.left, RIGHT);
  const rows = kinds.map((kind, row) => {
    const y = STRIPS.top + (row + 0.5) * STRIPS.row;
    const own = images.filter(({ defect }) => defect === kind);
    const marks = distinct(own, x).map(({ path, score }) => dot(x(score), y, 5, `${path}: ${shortNumber(score)}`));
    return element('g', { class: kind === 'good' ? 'good' : 'defective' }, [rule(STRIPS.left, y, kind), ...marks]);
  });
  return drawing('Score of every test image, by kind', WIDTH, height, [
    ...rows,
    ...(threshold === undefined ? [] : [thresholdLine(x(threshold), bottom, threshold)]),
    ...ticks(low, high, 6).map((value) => below(x(value), height - 22, shortNumber(value))),
    below((STRIPS.left + RIGHT) / 2, height - 5, 'score'),
  ]);
}

function distinct(images: readonly Scored[], x: Scale): readonly Scored[] {
  if (images.length <= MOST_MARKS) return images;
  return [...new Map(images.map((image) => [Math.round(2 * x(image.score)), image])).values()];
}

/** The colours of the heat maps from 0 to `max`, with the threshold marked. */
export function colorBar(max: number, threshold: number | undefined): string {
  const [left, right] = [12, WIDTH - 12];
  const x = linear(0, max, left, right);
  const mark = threshold !== undefined && threshold <= max ? [scaleMark(x, threshold)] : [];
  return drawing(`Colour scale of all heat maps, from 0 to ${shortNumber(max)}`, WIDTH, 64, [
    element('defs', {}, [element('linearGradient', { id: 'heat' }, gradientStops(32))]),
    element('rect', { x: left, y: 22, width: right - left, height: 20, rx: 4, fill: 'url(#heat)' }),
    ...mark,
    ...ticks(0, max, 6).map((value) => below(x(value), 60, shortNumber(value))),
  ]);
}

function gradientStops(count: number): string[] {
  return Array.from({ length: count + 1 }, (_, i) => {
    const entry = 3 * Math.round((i / count) * 255);
    const color = `rgb(${HEAT.subarray(entry, entry + 3).join(' ')})`;
    return element('stop', { offset: `${((i / count) * 100).toFixed(2)}%`, 'stop-color': color });
  });
}

function thresholdLine(x: number, bottom: number, threshold: number): string {
  return element('g', { class: 'threshold' }, [
    element('line', { x1: x, x2: x, y1: 20, y2: bottom }),
    element('text', { x, y: 14 }, `threshold ${shortNumber(threshold)}`),
  ]);
}

function scaleMark(x: Scale, threshold: number): string {
  return element('g', {}, [
    element('path', { class: 'mark', d: `M${x(threshold).toFixed(1)} 21v22` }),
    below(x(threshold), 15, `threshold ${shortNumber(threshold)}`),
  ]);
}

/** A range with room at both ends, also where it is a single value. */
function padded(low: number, high: number): [number, number] {
  const room = (high - low) * 0.08 || Math.abs(high) * 0.08 || 1;
  return [low - room, high + room];
}

const goodFirst = (a: string, b: string): number => Number(b === 'good') - Number(a === 'good') || (a < b ? -1 : 1);

const dot = (cx: number, cy: number, r: number, title: string): string =>
  element('circle', { cx, cy, r }, [element('title', {}, title)]);

/** A horizontal line with its label to the left. */
const rule = (left: number, y: number, label: string): string =>
  element('line', { class: 'rule', x1: left, x2: RIGHT, y1: y, y2: y }) +
  element('text', { class: 'row', x: left - 10, y: y + 5 }, label);

const below = (x: number, y: number, text: string): string => element('text', { class: 'tick', x, y }, text);

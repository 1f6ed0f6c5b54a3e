import { HEAT } from '../../data/colormap';
import type { EpochLog } from '../../model/checkpoint';
import { escapeHtml, shortNumber, ticks } from './html';

const WIDTH = 640;
const HEIGHT = 240;
const MARGIN = { left: 64, right: 16, top: 12, bottom: 40 };

/** Maps a value of an axis to a coordinate of the picture. */
type Scale = (value: number) => number;

/** The loss of every epoch as a line. */
export function trainingCurve(log: readonly EpochLog[]): string {
  const losses = log.map((entry) => entry.loss);
  const [low, high] = padded(Math.min(...losses), Math.max(...losses));
  const x = linear(log[0].epoch - 0.5, log.at(-1)!.epoch + 0.5, MARGIN.left, WIDTH - MARGIN.right);
  const y = linear(low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const points = log.map(({ epoch, loss }) => `${x(epoch).toFixed(1)},${y(loss).toFixed(1)}`);
  const dots = log.map(({ epoch, loss }, i) => {
    const [cx, cy] = points[i].split(',');
    return `<circle cx="${cx}" cy="${cy}" r="3.5"><title>epoch ${epoch}: loss ${shortNumber(loss)}</title></circle>`;
  });
  const marks = ticks(log[0].epoch, log.at(-1)!.epoch, 10).filter(Number.isInteger);
  const body = [
    horizontalGrid(y, ticks(low, high, 4)),
    ...(marks.length ? marks : [log[0].epoch]).map((epoch) => columnLabel(x(epoch), String(epoch))),
    axisLabel('epoch'),
    `<polyline class="line" points="${points.join(' ')}"/>`,
    `<g class="dots">${dots.join('')}</g>`,
  ];
  const [first, last] = [losses[0], losses.at(-1)!].map(shortNumber);
  return svg(`Training loss by epoch, from ${first} to ${last}`, HEIGHT, body);
}

/** One mark a picture: its score along the axis, good and defective in rows of their own, the threshold as a line. */
export function scoreStrips(
  pictures: readonly { readonly score: number; readonly defect: string; readonly path: string }[],
  threshold: number | undefined,
): string {
  const kinds = [...new Set(pictures.map(({ defect }) => defect))].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const [low, high] = padded(
    Math.min(...pictures.map(({ score }) => score), threshold ?? Infinity),
    Math.max(...pictures.map(({ score }) => score), threshold ?? -Infinity),
  );
  const left = 150;
  const rowHeight = 36;
  const height = kinds.length * rowHeight + MARGIN.top + MARGIN.bottom + 14;
  const x = linear(low, high, left, WIDTH - MARGIN.right);
  const bottom = height - MARGIN.bottom;
  const rows = kinds.map((kind, row) => {
    const y = MARGIN.top + 14 + (row + 0.5) * rowHeight;
    const marks = pictures.filter(({ defect }) => defect === kind).map(({ score, path }) =>
      `<circle cx="${x(score).toFixed(1)}" cy="${y}" r="5"><title>${escapeHtml(path)}: ${shortNumber(score)}</title></circle>`);
    return `<g class="${kind === 'good' ? 'good' : 'defective'}"><text class="row" x="${left - 14}" y="${y + 5}">${escapeHtml(kind)}</text>
<line class="rule" x1="${left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}"/>${marks.join('')}</g>`;
  });
  const line = threshold === undefined ? '' : `<g class="threshold"><line x1="${x(threshold)}" x2="${x(threshold)}"
 y1="${MARGIN.top + 8}" y2="${bottom}"/><text x="${x(threshold)}" y="${MARGIN.top + 2}">threshold ${shortNumber(threshold)}</text></g>`;
  const labels = ticks(low, high, 6).map((value) => columnLabel(x(value), shortNumber(value), height));
  return svg('Score of every test picture, by kind', height, [...rows, line, ...labels, axisLabel('score', height, left)]);
}

/** The colours of the heat maps from 0 to `max`, with the threshold marked. */
export function colorBar(max: number, threshold: number | undefined): string {
  const [left, right] = [12, WIDTH - 12];
  const x = linear(0, max, left, right);
  const stops = Array.from({ length: 33 }, (_, i) => {
    const entry = 3 * Math.round((i / 32) * 255);
    return `<stop offset="${((i / 32) * 100).toFixed(2)}%" stop-color="rgb(${HEAT.subarray(entry, entry + 3).join(' ')})"/>`;
  });
  const mark = threshold === undefined || threshold > max ? '' : `<path class="mark" d="M${x(threshold)} 21v22"/>
<text class="tick" x="${x(threshold)}" y="15">threshold ${shortNumber(threshold)}</text>`;
  const labels = ticks(0, max, 6).map((value) => columnLabel(x(value), shortNumber(value), 82));
  return svg(`Colour scale of all heat maps, from 0 to ${shortNumber(max)}`, 64, [
    `<defs><linearGradient id="heat">${stops.join('')}</linearGradient></defs>`,
    `<rect x="${left}" y="22" width="${right - left}" height="20" rx="4" fill="url(#heat)"/>`,
    mark,
    ...labels,
  ]);
}

const rank = (kind: string): number => (kind === 'good' ? 0 : 1);

function linear(from: number, to: number, start: number, end: number): Scale {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** A range with room at both ends, also where it is a single value. */
function padded(low: number, high: number): [number, number] {
  const room = (high - low) * 0.08 || Math.abs(high) * 0.08 || 1;
  return [low - room, high + room];
}

function horizontalGrid(y: Scale, values: readonly number[]): string {
  return values.map((value) => `<line class="rule" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value)}" y2="${y(value)}"/>
<text class="row" x="${MARGIN.left - 8}" y="${y(value) + 4}">${shortNumber(value)}</text>`).join('');
}

function columnLabel(x: number, text: string, height = HEIGHT): string {
  return `<text class="tick" x="${x.toFixed(1)}" y="${height - MARGIN.bottom + 18}">${text}</text>`;
}

function axisLabel(text: string, height = HEIGHT, left = MARGIN.left): string {
  return `<text class="tick axis" x="${(left + WIDTH - MARGIN.right) / 2}" y="${height - 5}">${text}</text>`;
}

function svg(title: string, height: number, body: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>
${body.join('\n')}
</svg>`;
}

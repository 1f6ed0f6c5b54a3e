import { shortNumber, ticks } from '../../src/core/numbers';
import { HEAT } from '../../src/image/colormap';
import { svg } from './dom';

const BAR = 16; // pixels
const INSET = 3; // percent at both ends, room for the numbers
const STOPS = 32;

/** The colours of the heat maps from 0 to `scale`, with numbers and a mark at the threshold. It fills its container. */
export function colourBar(scale: number, threshold: number | undefined): SVGElement {
  const label = scale ? `Colour scale from 0 to ${shortNumber(scale)}` : 'Colour scale, without a model yet';
  const x = (value: number) => `${INSET + (value / (scale || 1)) * (100 - 2 * INSET)}%`;
  const bar = svg('rect', {
    x: `${INSET}%`,
    y: 4,
    width: `${100 - 2 * INSET}%`,
    height: BAR,
    rx: 4,
    fill: 'url(#heat)',
  });
  const numbers = scale ? ticks(0, scale, 6).map((value) => svg('text', { x: x(value), y: 38 }, shortNumber(value))) : [];
  const shown = threshold !== undefined && threshold <= scale ? [x(threshold)] : [];
  const mark = shown.map((at) => svg('line', { class: 'mark', x1: at, x2: at, y1: 1, y2: BAR + 7 }));
  return svg('svg', { role: 'img', 'aria-label': label }, gradient(), bar, ...mark, ...numbers);
}

function gradient(): SVGElement {
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => {
    const entry = 3 * Math.round((i / STOPS) * 255);
    return svg('stop', { offset: i / STOPS, 'stop-color': `rgb(${HEAT.subarray(entry, entry + 3).join(' ')})` });
  });
  return svg('defs', {}, svg('linearGradient', { id: 'heat' }, ...stops));
}

import { HEAT } from '../../src/data/colormap';
import { shortNumber, ticks } from '../../src/data/numbers';
import { svg } from './dom';

const [WIDTH, HEIGHT, BAR] = [640, 44, 16];
const INSET = 14;
const STOPS = 32;

/** The colours of all heat maps from 0 to `scale`, with numbers; a mark where the threshold lies. */
export function colourBar(scale: number, threshold: number | undefined): SVGElement {
  const label = scale ? `Colour scale from 0 to ${shortNumber(scale)}` : 'Colour scale, without a model yet';
  const x = (value: number) => INSET + (value / (scale || 1)) * (WIDTH - 2 * INSET);
  const bar = svg('rect', { x: INSET, y: 2, width: WIDTH - 2 * INSET, height: BAR, rx: 4, fill: 'url(#heat)' });
  const numbers = scale ? ticks(0, scale, 6).map((value) => svg('text', { x: x(value), y: 38 }, shortNumber(value))) : [];
  const mark = threshold !== undefined && threshold <= scale ? [svg('path', { class: 'mark', d: `M${x(threshold)} 0v${BAR + 6}` })] : [];
  return svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label }, gradient(), bar, ...mark, ...numbers);
}

function gradient(): SVGElement {
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => {
    const entry = 3 * Math.round((i / STOPS) * 255);
    return svg('stop', { offset: i / STOPS, 'stop-color': `rgb(${HEAT.subarray(entry, entry + 3).join(' ')})` });
  });
  return svg('defs', {}, svg('linearGradient', { id: 'heat' }, ...stops));
}

import { escapeHtml } from './html';

/** Width of every drawing, in its own units. */
export const WIDTH = 640;

/** Maps a value of an axis to a coordinate of the drawing. */
export type Scale = (value: number) => number;

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element. Text inside is escaped; elements inside are given as an array. */
export function element(name: string, attributes: Attributes, inside: string | readonly string[] = []): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const text = given.map(([key, value]) => ` ${key}="${escapeHtml(format(value!))}"`).join('');
  return `<${name}${text}>${typeof inside === 'string' ? escapeHtml(inside) : inside.join('')}</${name}>`;
}

/** A drawing with a title that screen readers say. */
export function drawing(title: string, height: number, body: readonly string[]): string {
  const attributes = { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': title };
  return element('svg', attributes, [element('title', {}, title), ...body]);
}

export function linear(from: number, to: number, start: number, end: number): Scale {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** A range with room at both ends, also where it is a single value. */
export function padded(low: number, high: number): [number, number] {
  const room = (high - low) * 0.08 || Math.abs(high) * 0.08 || 1;
  return [low - room, high + room];
}

/** The smallest and the largest of any number of values. */
export function extent(values: readonly number[]): [low: number, high: number] {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

const format = (value: string | number): string => (typeof value === 'number' ? String(Number(value.toFixed(2))) : value);

/** Maps a value of an axis to a coordinate of a drawing. */
export type Scale = (value: number) => number;

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Text made safe for HTML and SVG, inside elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * An SVG element as text. Numbers are rounded to two decimals; an attribute that is undefined is left out.
 *
 * @param inside text, which is escaped, or elements
 */
export function element(name: string, attributes: Attributes, inside: string | readonly string[] = []): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const text = given.map(([key, value]) => ` ${key}="${escapeHtml(format(value!))}"`).join('');
  return `<${name}${text}>${typeof inside === 'string' ? escapeHtml(inside) : inside.join('')}</${name}>`;
}

/** An SVG drawing with a title for screen readers. */
export function drawing(title: string, width: number, height: number, body: readonly string[]): string {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title };
  return element('svg', attributes, [element('title', {}, title), ...body]);
}

/** A linear scale: `from` lies at `start`, and `to` at `end`. */
export function linear(from: number, to: number, start: number, end: number): Scale {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

const format = (value: string | number): string => (typeof value === 'number' ? String(Number(value.toFixed(2))) : value);

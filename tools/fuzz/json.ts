import type { Random } from '../../src/core/random';
import { chance, EDGES, mutateBytes, pick } from './mutate';

/** JSON that JSON.stringify would not write: `toJson` puts the text as it is. */
class Raw {
  constructor(readonly text: string) {}
}

type Maker = (random: Random) => unknown;

/** Values that a field may be given in place of its own. */
const STRANGE: readonly Maker[] = [
  (random) => pick(random, EDGES),
  (random) => pick(random, EDGES),
  (random) => pick(random, [0.5, -0.5, 1e-320, 1e308, -1e308, 1e20, -0, 1.0000001]),
  (random) => new Raw(pick(random, ['1e999', '-1e999', '1e-999', '-0', '1E400', '10000000000000000000000000'])),
  (random) => new Raw(pick(random, ['NaN', 'Infinity', 'undefined', "'x'", '01', '', '[1,]', '{"a":1,"a":2}'])),
  (random) => new Raw(`${'['.repeat(pick(random, [3, 2000]))}${']'.repeat(pick(random, [3, 2000]))}`),
  (random) => pick(random, [null, true, false, '', ' ', '0', '1', 'NaN', 'null', [], {}, [[]], [null], { length: 3 }]),
  (random) => pick(random, ['__proto__', 'constructor', 'toString', '\0', '\u001b[2J', '\ud800', '../../x', 'é'.repeat(40)]),
  (random) => 'x'.repeat(pick(random, [100, 5000])),
  (random) => Array.from({ length: pick(random, [1, 2, 3, 4, 300]) }, () => pick(random, EDGES)),
];

/** A value with one to four changes: fields replaced, left out, added, renamed, or put into one another. */
export function mutateJson(value: unknown, random: Random): unknown {
  let result = structuredClone(value);
  do result = changeOne(result, random);
  while (chance(random, 2));
  return result;
}

export const strange: Maker = (random) => pick(random, STRANGE)(random);

/** The text of a value, sometimes changed once more as text. */
export function mutatedText(value: unknown, random: Random): string {
  const text = toJson(value);
  if (chance(random, 12)) return new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), random));
  return chance(random, 12) ? withEqualKeys(text, random) : text;
}

export function toJson(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${toJson(field)}`).join(',')}}`;
}

/** One key of the text twice, with another value first. */
function withEqualKeys(text: string, random: Random): string {
  const keys = [...text.matchAll(/(?<=[{,])"[^"\\]*":/g)];
  if (keys.length === 0) return text;
  const { 0: key, index } = pick(random, keys);
  return `${text.slice(0, index)}${key}${toJson(strange(random))},${text.slice(index)}`;
}

function changeOne(root: unknown, random: Random): unknown {
  const places = placesOf(root);
  if (places.length === 0) return strange(random);
  const [holder, key] = pick(random, places);
  const value = holder[key];
  switch (random.integer(8)) {
    case 0:
      remove(holder, key);
      return root;
    case 1:
      put(
        holder,
        Array.isArray(holder) ? String(holder.length) : pick(random, ['x', 'height', '__proto__', '']),
        strange(random),
      );
      return root;
    case 2:
      put(holder, key, pick(random, [[value], { x: value }, JSON.stringify(value) ?? '', [value, value]]));
      return root;
    case 3: {
      const [other, otherKey] = pick(random, places);
      put(holder, key, structuredClone(plain(other[otherKey])));
      return root;
    }
    case 4:
      if (typeof value === 'number')
        put(holder, key, pick(random, [-value, value + 1, value - 1, 2 * value, value + 2 ** 32, value / 2]));
      return root;
    default:
      put(holder, key, strange(random));
      return root;
  }
}

type Holder = Record<string, unknown>;

/** Every field of every object and every item of every list. */
function placesOf(value: unknown): [holder: Holder, key: string][] {
  if (typeof value !== 'object' || value === null || value instanceof Raw) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [[holder, key] as [Holder, string], ...placesOf(holder[key])]);
}

/** As JSON.parse would make it, also where the key is `__proto__`. */
function put(holder: Holder, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

/** Raw text cannot be cloned; what stands beside it can. */
const plain = (value: unknown): unknown => (hasRaw(value) ? null : value);
const hasRaw = (value: unknown): boolean =>
  value instanceof Raw || (typeof value === 'object' && value !== null && Object.values(value).some(hasRaw));

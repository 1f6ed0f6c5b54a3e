import { PyramidFlowError } from '../core/errors';

/** Checks that an untrusted value is what it should be. `at` names its place. Throws CheckpointError. */
export type Check<T> = (value: unknown, at: string) => T;

export interface NumberRange {
  /** smallest that is allowed */
  readonly least?: number;
  readonly most?: number;
  /** allowed values are larger than this */
  readonly above?: number;
  readonly whole?: boolean;
}

/** A finite number in a range. */
export function number({
  least = -Infinity,
  most = Infinity,
  above = -Infinity,
  whole = false,
}: NumberRange = {}): Check<number> {
  const bounds = [
    [above > -Infinity, `above ${above}`],
    [least > -Infinity, `of at least ${least}`],
    [most < Infinity, `of at most ${most}`],
  ] as const;
  const range = bounds.flatMap(([given, text]) => (given ? [text] : [])).join(' and ');
  const expected = `a ${whole ? 'whole' : 'finite'} number${range && ` ${range}`}`;
  return (value, at) => {
    const right = typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most && value > above;
    return right && (!whole || Number.isSafeInteger(value)) ? value : refuse(value, at, expected);
  };
}

export const text: Check<string> = (value, at) => (typeof value === 'string' ? value : refuse(value, at, 'a text'));

export function matching(pattern: RegExp, expected: string): Check<string> {
  return (value, at) => (typeof value === 'string' && pattern.test(value) ? value : refuse(value, at, expected));
}

export function oneOf<T extends string>(...allowed: readonly T[]): Check<T> {
  return (value, at) => (allowed.includes(value as T) ? (value as T) : refuse(value, at, allowed.join(' or ')));
}

/** A list, of just `length` items where that is given. */
export function list<T>(item: Check<T>, length?: number): Check<T[]> {
  return (value, at) => {
    if (Array.isArray(value) && (length === undefined || value.length === length)) {
      return value.map((entry, i) => item(entry, `${at}[${i}]`));
    }
    return refuse(value, at, length === undefined ? 'a list' : `a list of ${length}`);
  };
}

/** An object with these fields, and no other in the result. */
export function fields<T extends object>(checks: { readonly [K in keyof T]: Check<T[K]> }): Check<T> {
  const entries = Object.entries(checks) as [string, Check<unknown>][];
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(value, at, 'an object');
    const given = value as Record<string, unknown>;
    return Object.fromEntries(entries.map(([name, check]) => [name, check(given[name], `${at}.${name}`)])) as T;
  };
}

const SHOWN = 60; // characters of a refused value

function refuse(value: unknown, at: string, expected: string): never {
  const shown = value === undefined ? 'missing' : `${JSON.stringify(value) ?? String(value)}`.slice(0, SHOWN);
  throw damaged(`${at} is ${shown}, expected ${expected}`);
}

/** That a model file cannot be used as it is. */
export function damaged(problem: string): PyramidFlowError {
  return new PyramidFlowError('CheckpointError', problem, 'use an undamaged copy of the model file');
}

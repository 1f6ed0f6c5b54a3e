import type { Report, Result } from './result';

/** What gave a result, for a message. */
export const nameOf = ({ workload, what }: Result): string => `${workload}: ${what}`;

/** The results whose bits differ, each with how many words do and which is the first. */
export function differences(a: Report, b: Report): string[] {
  return pairs(a, b).flatMap(([x, y]) => {
    const first = x.words.findIndex((word, i) => word !== y.words[i]);
    if (first < 0) return [];
    const count = x.words.filter((word, i) => word !== y.words[i]).length;
    const values = [x, y].map((result) => floats(result)[first]);
    return [`${nameOf(x)}: ${count} of ${x.words.length} words differ, first [${first}], ${values.join(' and ')}`];
  });
}

/** The largest distance by the kernel that wrote the result, or by workload where several did. */
export function distances(a: Report, b: Report): { kernels: Map<string, number>; workloads: Map<string, number> } {
  const found = { kernels: new Map<string, number>(), workloads: new Map<string, number>() };
  for (const [x, y] of pairs(a, b)) {
    const [group, name] = x.kernel ? [found.kernels, x.kernel] : [found.workloads, x.workload];
    group.set(name, Math.max(group.get(name) ?? 0, unitsApart(x, y)));
  }
  return found;
}

/**
 * The largest difference in units in the last place of the largest value of `a`: a sum that cancels has an error of that
 * size, however small it is itself. Whole numbers, NaN and infinities are equal or infinitely far apart.
 */
export function unitsApart(a: Result, b: Result): number {
  const [x, y] = [floats(a), floats(b)];
  let [largest, difference] = [0, 0];
  x.forEach((value, i) => {
    if (a.words[i] === b.words[i]) return;
    const apart = a.dtype === 'f32' ? Math.abs(value - y[i]) : Infinity;
    difference = Math.max(difference, Number.isFinite(apart) ? apart : Infinity);
  });
  for (const value of x) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  return difference === 0 ? 0 : difference / 2 ** (Math.floor(Math.log2(largest)) - 23);
}

function pairs(a: Report, b: Report): [Result, Result][] {
  if (a.results.length !== b.results.length) throw new Error(`${a.results.length} and ${b.results.length} results`);
  return a.results.map((x, i) => {
    const y = b.results[i];
    if (nameOf(x) !== nameOf(y) || x.words.length !== y.words.length) throw new Error(`${nameOf(x)} and ${nameOf(y)}`);
    return [x, y];
  });
}

const floats = ({ words }: Result): Float32Array => new Float32Array(Uint32Array.from(words).buffer);

import type { Report, Result } from './result';

/** The results whose bits differ, each with how many words do and which is the first; and those that only one has. */
export function differences(a: Report, b: Report): string[] {
  const [left, right] = [named(a), named(b)];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].flatMap((name) => {
    const [x, y] = [left.get(name), right.get(name)];
    if (!x || x.words.length !== y?.words.length) return [`${name}: ${x?.words.length} and ${y?.words.length} words`];
    const first = x.words.findIndex((word, i) => word !== y.words[i]);
    if (first < 0) return [];
    const count = x.words.filter((word, i) => word !== y.words[i]).length;
    const values = [x, y].map((result) => floats(result)[first]);
    return [`${name}: ${count} of ${x.words.length} words differ, first [${first}], ${values.join(' and ')}`];
  });
}

/**
 * The largest distance by the kernel that wrote the result, or by workload where several did, of the results that both
 * have: another adapter may run another variant of a kernel.
 */
export function distances(a: Report, b: Report): { kernels: Map<string, number>; workloads: Map<string, number> } {
  const found = { kernels: new Map<string, number>(), workloads: new Map<string, number>() };
  const right = named(b);
  for (const [key, x] of named(a)) {
    const y = right.get(key);
    if (x.words.length !== y?.words.length) continue;
    const [group, name] = x.kernel ? [found.kernels, x.kernel] : [found.workloads, x.workload];
    group.set(name, Math.max(group.get(name) ?? 0, unitsApart(x, y)));
  }
  return found;
}

/**
 * The largest difference in units in the last place of the largest value of `a`: a sum that cancels has an error of
 * that size, however small it is itself. Whole numbers, NaN and infinities are equal or infinitely far apart.
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

/** Each result by what gave it and its number among those of that name. */
function named({ results }: Report): Map<string, Result> {
  const all = new Map<string, Result>();
  for (const result of results) {
    const name = `${result.workload}: ${result.what}`;
    let count = 1;
    while (all.has(`${name} ${count}`)) count++;
    all.set(`${name} ${count}`, result);
  }
  return all;
}

const floats = ({ words }: Result): Float32Array => new Float32Array(Uint32Array.from(words).buffer);

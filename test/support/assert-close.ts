import * as assert from 'uvu/assert';

/** An absolute bound, or |actual - expected| <= absolute + relative * |expected|. */
export type Tolerance = number | { absolute: number; relative: number };

/**
 * Asserts that numbers agree within a tolerance, and on failure says how many do not, which is the first and which the
 * worst, never the arrays themselves. NaN agrees with NaN alone, an infinity with itself alone.
 */
export function assertClose(
  actual: number | ArrayLike<number>,
  expected: number | ArrayLike<number>,
  tolerance: Tolerance,
  name: string,
): void {
  const a = typeof actual === 'number' ? [actual] : actual;
  const e = typeof expected === 'number' ? [expected] : expected;
  if (a.length !== e.length) assert.unreachable(`${name}: ${a.length} values instead of ${e.length}`);
  const { absolute, relative } = typeof tolerance === 'number' ? { absolute: tolerance, relative: 0 } : tolerance;
  let wrong = 0;
  let first = -1;
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], e[i]) || a[i] === e[i]) continue;
    const bound = absolute + relative * Math.abs(e[i]);
    const error = Math.abs(a[i] - e[i]);
    if (error <= bound && Number.isFinite(e[i])) continue;
    const excess = Number.isNaN(error) ? Infinity : error - bound;
    wrong++;
    if (first < 0) first = i;
    if (worst < 0 || excess > worstExcess) [worst, worstExcess] = [i, excess];
  }
  if (wrong === 0) return;
  const describe = (i: number) => `[${i}] ${a[i]} instead of ${e[i]} (off by ${Math.abs(a[i] - e[i])})`;
  const where = first === worst ? `at ${describe(worst)}` : `first at ${describe(first)}, worst at ${describe(worst)}`;
  const allowed = typeof tolerance === 'number' ? `${tolerance}` : `${absolute} + ${relative} * |expected|`;
  assert.unreachable(`${name}: ${wrong} of ${a.length} values differ by more than ${allowed}: ${where}`);
}

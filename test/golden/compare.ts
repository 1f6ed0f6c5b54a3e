import type { GoldenCase, Results } from './case';

/** The worst of a case: the largest error over its tolerance, and where. Above 1 the case has failed. */
export interface Verdict {
  readonly ratio: number;
  readonly where: string;
}

/** Tolerances of golden/README.md: multiples of PyTorch's own float32 error and of the largest expected value. */
const TOLERANCES: Readonly<Record<string, { f32: number; relative: number }>> = {
  default: { f32: 4, relative: 2e-6 },
  train: { f32: 8, relative: 2e-5 },
  trained: { f32: 8, relative: 2e-5 },
};
const ABSOLUTE: Readonly<Record<string, number>> = { 'preprocess out.resized': 1, metrics: 1e-6 };

/** Holds every `out.*` and `grad.*` of a case against the results; one that is missing fails the case. */
export function compare(golden: GoldenCase, results: Results): Verdict {
  let worst: Verdict = { ratio: 0, where: 'nothing was compared' };
  for (const [name, { data: expected }] of golden.tensors) {
    if (!name.startsWith('out.') && !name.startsWith('grad.')) continue;
    const actual = results[name];
    if (actual?.length !== expected.length) {
      return { ratio: Infinity, where: `${name}: ${actual?.length ?? 'no'} values instead of ${expected.length}` };
    }
    const allowed = tolerance(golden, name, expected);
    for (let i = 0; i < expected.length; i++) {
      const error = Math.abs(actual[i] - expected[i]);
      const ratio = error === 0 ? 0 : error / allowed;
      if (!(ratio <= worst.ratio)) worst = { ratio: Number.isNaN(ratio) ? Infinity : ratio, where: `${name}[${i}]` };
      if (worst.ratio === 0) worst = { ratio: 0, where: 'exact' };
    }
  }
  return worst;
}

function tolerance({ op, f32Error }: GoldenCase, name: string, expected: ArrayLike<number>): number {
  const absolute = ABSOLUTE[`${op} ${name}`] ?? ABSOLUTE[op];
  if (absolute !== undefined) return absolute;
  const { f32, relative } = TOLERANCES[op] ?? TOLERANCES.default;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  return f32 * (f32Error[name] ?? 0) + relative * largest;
}

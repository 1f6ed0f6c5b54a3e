import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import type { Flow } from './flow';

/** How well every module undoes itself, on the levels that reach it: max |inverse(forward(x)) - x|. */
export async function inverseErrors(
  { chain, modules }: Flow,
  x: readonly Tensor[],
  pass = { training: true },
): Promise<{ name: string; error: number }[]> {
  const levels = x.map((level) => level.copy());
  const found: { name: string; error: number }[] = [];
  for (const [i, { name }] of modules.entries()) {
    const before = await Promise.all(levels.map((level) => level.read()));
    chain.forward(levels, pass, {}, i, i + 1);
    const back = scope(() => {
      const copies = levels.map((level) => level.copy());
      chain.inverse(copies, pass, i, i + 1);
      return copies;
    });
    const after = await Promise.all(back.map((level) => level.read()));
    for (const level of back) level.free();
    found.push({ name: `module ${i} (${name})`, error: largestDifference(before, after) });
  }
  for (const level of levels) level.free();
  return found;
}

/** NaN if any value is. */
export function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let largest = 0;
  for (const [i, values] of a.entries()) {
    for (const [at, value] of values.entries()) {
      const difference = Math.abs(value - b[i]![at]!);
      if (!(difference <= largest)) largest = difference;
      if (Number.isNaN(largest)) return NaN;
    }
  }
  return largest;
}

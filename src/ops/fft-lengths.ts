const RADICES = [4, 2, 3, 5, 7];

/** The radix of each pass of an FFT of this length: 4, 2, 3, 5 and 7, then the other prime factors. */
export function fftRadices(length: number): number[] {
  const passes: number[] = [];
  let rest = length;
  const take = (radix: number) => {
    while (rest % radix === 0) {
      passes.push(radix);
      rest /= radix;
    }
  };
  RADICES.forEach(take);
  for (let prime = 11; prime * prime <= rest; prime += 2) take(prime);
  if (rest > 1) passes.push(rest);
  return passes;
}

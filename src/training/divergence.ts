import { shortNumber } from '../core/numbers';

/** A loss this many times its first value, or more, is no setback that training gets over. */
const DIVERGED = 1000;

/**
 * Returns a function to call with the loss of every step, which warns once where the loss has grown beyond all bounds but
 * is still a number. `first` is what to compare with; left out, it is the first loss that comes.
 */
export function watchDivergence(first?: number, warn: (text: string) => void = () => undefined): (loss: number) => void {
  let warned = false;
  return (loss) => {
    first ??= loss;
    if (warned || !(first > 0) || loss < DIVERGED * first) return;
    warned = true;
    const grown = `the loss has grown to ${shortNumber(loss)}, ${shortNumber(loss / first)} times its first value`;
    warn(`${grown}: training diverges; lower the learning rate`);
  };
}

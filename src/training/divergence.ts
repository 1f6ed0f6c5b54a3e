import { shortNumber } from '../core/numbers';

/** From a loss this many times its first value training does not recover. */
const DIVERGED = 1000;

/**
 * Returns a function to call with the loss of every step. It warns once, if the loss has grown without bounds but is
 * still a number. `first` is the loss to compare with; default the first that comes.
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

// The value of a map kernel's result at one index, in float64, for square planes of `side` (the larger of the two sizes).

type At = (at: number) => number;
type Values = ArrayLike<number>;

const BINOMIAL = [1, 4, 6, 4, 1].map((weight) => weight / 16);

/** The 5x5 binomial blur, with zeros outside, of what `read` gives at (plane, row, column). */
function blurOf(read: (plane: number, row: number, column: number) => number, side: number) {
  return (plane: number, row: number, column: number): number => {
    let sum = 0;
    for (let tap = 0; tap < 25; tap++) {
      const [i, j] = [row + Math.floor(tap / 5) - 2, column + (tap % 5) - 2];
      if (i < 0 || j < 0 || i >= side || j >= side) continue;
      sum += BINOMIAL[Math.floor(tap / 5)] * BINOMIAL[tap % 5] * read(plane, i, j);
    }
    return sum;
  };
}

const reader = (x: Values, side: number) => (plane: number, row: number, column: number) =>
  x[(plane * side + row) * side + column];

/** From an index of planes of `side` to (plane, row, column). */
const split = (at: number, side: number) => [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side] as const;

export function binomialAt(x: Values, side: number): At {
  const blurred = blurOf(reader(x, side), side);
  return (at) => blurred(...split(at, side));
}

/** The 2x2 windows of the blurred x, row-major: values and places. */
function windowOf(x: Values, side: number) {
  const blurred = blurOf(reader(x, side), side);
  return (plane: number, row: number, column: number): number[] =>
    [0, 1, 2, 3].map((k) => blurred(plane, 2 * row + (k >> 1), 2 * column + (k & 1)));
}

export function downAt(x: Values, side: number): At {
  const windows = windowOf(x, side);
  return (at) => Math.max(...windows(...split(at, side / 2)));
}

export function downGradientAt(x: Values, dy: Values, side: number): At {
  const [windows, read] = [windowOf(x, side), reader(dy, side / 2)];
  const unpooled = (plane: number, row: number, column: number) => {
    const window = windows(plane, row >> 1, column >> 1);
    const own = 2 * (row & 1) + (column & 1);
    return window.indexOf(Math.max(...window)) === own ? read(plane, row >> 1, column >> 1) : 0;
  };
  const blurred = blurOf(unpooled, side);
  return (at) => blurred(...split(at, side));
}

export function upAt(x: Values, side: number): At {
  const read = reader(x, side / 2);
  const blurred = blurOf((plane, row, column) => read(plane, row >> 1, column >> 1), side);
  return (at) => blurred(...split(at, side));
}

export function upGradientAt(dy: Values, side: number): At {
  const blurred = blurOf(reader(dy, side), side);
  return (at) => {
    const [plane, row, column] = split(at, side / 2);
    return [0, 1, 2, 3].reduce((sum, k) => sum + blurred(plane, 2 * row + (k >> 1), 2 * column + (k & 1)), 0);
  };
}

/** The 3x3 maximum with stride 2 and padding 1. */
export function maximumAt(x: Values, side: number): At {
  const read = reader(x, side);
  return (at) => {
    const [plane, row, column] = split(at, side / 2);
    let largest = -Infinity;
    for (let tap = 0; tap < 9; tap++) {
      const [i, j] = [2 * row + Math.floor(tap / 3) - 1, 2 * column + (tap % 3) - 1];
      if (i >= 0 && j >= 0 && i < side && j < side) largest = Math.max(largest, read(plane, i, j));
    }
    return largest;
  };
}

/** Image planes of one size in float64, one after the other, row-major. */
export interface Planes {
  readonly data: Float64Array;
  readonly height: number;
  readonly width: number;
}

const BINOMIAL = [1, 4, 6, 4, 1].map((weight) => weight / 16);

/** A new plane set, each value made from its plane's first index, its row and its column. */
function make(
  planes: number,
  height: number,
  width: number,
  value: (plane: number, row: number, column: number) => number,
): Planes {
  const data = new Float64Array(planes * height * width);
  for (let at = 0; at < data.length; at++) {
    const inPlane = at % (height * width);
    data[at] = value((at - inPlane) / (height * width), Math.floor(inPlane / width), inPlane % width);
  }
  return { data, height, width };
}

const count = ({ data, height, width }: Planes) => data.length / (height * width);

/** The 5x5 binomial blur with zero padding, term by term. */
export function blur(x: Planes): Planes {
  const { data, height, width } = x;
  return make(count(x), height, width, (plane, row, column) => {
    let sum = 0;
    for (let i = -2; i <= 2; i++) {
      for (let j = -2; j <= 2; j++) {
        const [r, c] = [row + i, column + j];
        if (r < 0 || c < 0 || r >= height || c >= width) continue;
        sum += BINOMIAL[i + 2] * BINOMIAL[j + 2] * data[(plane * height + r) * width + c];
      }
    }
    return sum;
  });
}

/** PyTorch's nearest resize to any size: the input at floor(output * in / out). */
export function nearest(x: Planes, height: number, width: number): Planes {
  return make(count(x), height, width, (plane, row, column) => {
    const [r, c] = [Math.floor((row * x.height) / height), Math.floor((column * x.width) / width)];
    return x.data[(plane * x.height + r) * x.width + c];
  });
}

/**
 * One step down: the blurred x where `linearizedAt`, blurred, has the first maximum of its 2x2 window, row-major, or at
 * even rows and columns. For a fixed `linearizedAt` it is linear in x: the derivative of the step at x = linearizedAt.
 */
export function down(x: Planes, pooling: 'max' | 'nearest' = 'max', linearizedAt: Planes = x): Planes {
  const [blurred, { data: compared, width }] = [blur(x).data, blur(linearizedAt)];
  return make(count(x), x.height / 2, x.width / 2, (plane, row, column) => {
    const first = (plane * x.height + 2 * row) * width + 2 * column;
    if (pooling === 'nearest') return blurred[first];
    const window = [first, first + 1, first + width, first + width + 1];
    return blurred[window.reduce((best, at) => (compared[at] > compared[best] ? at : best))];
  });
}

/** One step up: nearest enlargement to twice the size, then the blur. */
export const up = (x: Planes): Planes => blur(nearest(x, 2 * x.height, 2 * x.width));

/** a + factor * b */
export function plus(a: Planes, b: Planes, factor = 1): Planes {
  return { ...a, data: a.data.map((value, i) => value + factor * b.data[i]) };
}

/** The bands, finest first; linear in x for a fixed `linearizedAt`, as `down`. */
export function decompose(
  x: Planes,
  levels: number,
  pooling: 'max' | 'nearest' = 'max',
  linearizedAt: Planes = x,
): Planes[] {
  if (levels === 1) return [x];
  const coarse = down(x, pooling, linearizedAt);
  const rest = decompose(coarse, levels - 1, pooling, down(linearizedAt, pooling));
  return [plus(x, up(coarse), -1), ...rest];
}

export const compose = (bands: readonly Planes[]): Planes =>
  bands.slice(0, -1).reduceRight((coarse, band) => plus(band, up(coarse)), bands[bands.length - 1]);

/** What the transpose of a linear function makes of dy, by the function's value at every unit vector. */
export function transposed(linear: (x: Float64Array) => Float64Array, size: number, dy: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    const unit = new Float64Array(size);
    unit[i] = 1;
    return linear(unit).reduce((sum, value, at) => sum + value * dy[at], 0);
  });
}

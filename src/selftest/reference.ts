// The definitions that kernels are compared with, in float64, written to be read. Arrays are row-major.

type Values = ArrayLike<number>;

export interface ConvolutionShape {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
}

/** Convolution (cross-correlation) with zero padding kernel / 2: x (N, Ci, H, W), w (Co, Ci, k, k). */
export function convolution(x: Values, w: Values, shape: ConvolutionShape): Float64Array {
  const { batch, inputs, outputs, height, width, kernel, stride } = shape;
  const [outHeight, outWidth] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const y = new Float64Array(batch * outputs * outHeight * outWidth);
  for (let at = 0; at < y.length; at++) {
    const [column, row] = [at % outWidth, Math.floor(at / outWidth) % outHeight];
    const plane = Math.floor(at / (outWidth * outHeight));
    const [image, output] = [Math.floor(plane / outputs), plane % outputs];
    for (let tap = 0; tap < inputs * kernel * kernel; tap++) {
      const input = Math.floor(tap / (kernel * kernel));
      const i = row * stride + (Math.floor(tap / kernel) % kernel) - (kernel >> 1);
      const j = column * stride + (tap % kernel) - (kernel >> 1);
      if (i < 0 || j < 0 || i >= height || j >= width) continue;
      y[at]! += w[output * inputs * kernel * kernel + tap]! * x[((image * inputs + input) * height + i) * width + j]!;
    }
  }
  return y;
}

/** The 5x5 binomial blur of planes, with zero padding. */
export function blurred(x: Values, planes: number, height: number, width: number): Float64Array {
  const row = [1, 4, 6, 4, 1];
  const weights = row.flatMap((a) => row.map((b) => (a * b) / 256));
  return convolution(x, weights, { batch: planes, inputs: 1, outputs: 1, height, width, kernel: 5, stride: 1 });
}

/** Nearest resize of planes by whole factors. */
export function nearestResize(
  x: Values,
  planes: number,
  [h, w]: readonly [number, number],
  [height, width]: readonly [number, number],
): Float64Array {
  return Float64Array.from({ length: planes * height * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width) % height, at % width] as const;
    const plane = Math.floor(at / (height * width));
    return x[(plane * h + Math.floor((row * h) / height)) * w + Math.floor((column * w) / width)]!;
  });
}

/** The maximum of windows of side x side, `stride` apart, the first of which starts `before` rows and columns outside. */
export function maximumPool(
  x: Values,
  planes: number,
  [height, width]: readonly number[],
  { side, stride, before }: { side: number; stride: number; before: number },
): Float64Array {
  const [outHeight, outWidth] = [Math.ceil(height! / stride), Math.ceil(width! / stride)];
  const y = new Float64Array(planes * outHeight * outWidth).fill(-Infinity);
  for (let at = 0; at < y.length * side * side; at++) {
    const [target, tap] = [Math.floor(at / (side * side)), at % (side * side)];
    const i = (Math.floor(target / outWidth) % outHeight) * stride + Math.floor(tap / side) - before;
    const j = (target % outWidth) * stride + (tap % side) - before;
    if (i < 0 || j < 0 || i >= height! || j >= width!) continue;
    const plane = Math.floor(target / (outHeight * outWidth));
    y[target] = Math.max(y[target]!, x[(plane * height! + i) * width! + j]!);
  }
  return y;
}

/** The 2-D Fourier transform of real planes, not normalized; complex, interleaved. */
export function fourier(x: Values, planes: number, height: number, width: number): Float64Array {
  const result = new Float64Array(2 * planes * height * width);
  for (let plane = 0; plane < planes; plane++) {
    for (let k = 0; k < height * width; k++) {
      let [re, im] = [0, 0];
      for (let p = 0; p < height * width; p++) {
        const turns = (Math.floor(k / width) * Math.floor(p / width)) / height + ((k % width) * (p % width)) / width;
        const value = x[plane * height * width + p];
        re += value! * Math.cos(2 * Math.PI * turns);
        im -= value! * Math.sin(2 * Math.PI * turns);
      }
      result.set([re, im], 2 * (plane * height * width + k));
    }
  }
  return result;
}

/** a (rows, inner) times b (inner, columns). */
export function product(a: Values, b: Values, rows: number, columns: number): Float64Array {
  const inner = a.length / rows;
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < inner; i++) sum += a[Math.floor(at / columns) * inner + i]! * b[i * columns + (at % columns)]!;
    return sum;
  });
}

import { ADAM_DEFAULTS, Adam } from '../../src/autograd/adam';
import { ParameterSet } from '../../src/autograd/parameters';
import { resizeBytes as resizeOnCpu } from '../../src/image/resample';
import { bilinearTaps, PRECISION_BITS } from '../../src/image/taps';
import { fft2, inverseFft2Real } from '../../src/ops/fft';
import { matmul } from '../../src/ops/matmul';
import { inverseMixingWeight, luWeightOp, mixingWeight } from '../../src/ops/mixing';
import { IMAGENET, normalizeBytes, resizeBytes, unpackPixels } from '../../src/ops/preprocess';
import { uploadBytes } from '../../src/ops/upload-bytes';
import { unscoped } from '../../src/tensor/scope';
import { type Shape, Tensor } from '../../src/tensor/tensor';
import { bytesOf, describeShape, type Entry, type Inputs, sampled } from './entry';

// Kernels whose size does not follow the levels: Fourier transforms, the mixing matrices, image decoding, the optimizer.

const FFT_SIDES = [32, 64, 128, 256, 512, 240, 448, 88]; // 240 and 448 with the radices 3, 5 and 7, 88 with the prime 11
const CHANNELS = 16;
const POINTS = 4096;
const FEATURES = 64;
const PARAMETERS = 1_413_000; // of the model at C 16, L 4, S 4, k 7, to three digits

/** 2-D transforms of one plane, by the customary count of 5 n log2 n operations. */
export function fftEntries(): Entry[] {
  return FFT_SIDES.flatMap((side): Entry[] => {
    const plane: Shape = [1, side, side];
    const complex: Shape = [1, side, side, 2];
    const work = { flop: 5 * side ** 2 * Math.log2(side ** 2), bytes: bytesOf(plane, complex) };
    const common = { group: 'fft', shape: describeShape(plane), work } as const;
    return [
      {
        ...common,
        name: 'FFT of a real plane',
        prepare(given) {
          const x = given.get(plane);
          return { run: () => fft2(x.tensor), check: sampled(fourierAt(x.values, side), 1e-5, 8) };
        },
      },
      {
        ...common,
        name: 'inverse FFT, real part',
        prepare(given) {
          const x = given.get(complex, 'spectrum');
          const whole = inverseAt(x.values, side);
          return { run: () => inverseFft2Real(x.tensor, 1 / side ** 2), check: sampled(whole, 1e-5, 8) };
        },
      },
    ];
  });
}

/** A real or imaginary part of the transform of a real plane. */
function fourierAt(x: ArrayLike<number>, side: number): (at: number) => number {
  const angle = angles(side, -1);
  return (at) => {
    const part = at % 2 ? Math.sin : Math.cos;
    let total = 0;
    for (let p = 0; p < side * side; p++) total += x[p] * part(angle(at >> 1, p));
    return total;
  };
}

function inverseAt(x: ArrayLike<number>, side: number): (at: number) => number {
  const angle = angles(side, 1);
  return (at) => {
    let total = 0;
    for (let k = 0; k < side * side; k++) total += x[2 * k] * Math.cos(angle(at, k)) - x[2 * k + 1] * Math.sin(angle(at, k));
    return total / side ** 2;
  };
}

const angles = (side: number, sign: number) => (k: number, p: number) =>
  (((sign * 2 * Math.PI) / side) * (Math.floor(k / side) * Math.floor(p / side) + (k % side) * (p % side))) % (2 * Math.PI);

/** What is computed once per block, step or image. */
export function fixedEntries(size: number): Entry[] {
  const square: Shape = [CHANNELS, CHANNELS];
  const kernel = (name: string, traffic: readonly Shape[], prepare: Entry['prepare']): Entry => ({
    group: 'kernel',
    name,
    shape: describeShape(traffic[0]),
    work: { bytes: bytesOf(...traffic) },
    prepare,
  });
  return [
    kernel('mixing matrix', [square, square, square, square], (given) => {
      const { lu, weightAt } = luFactors(given);
      return { run: () => mixingWeight(lu), check: sampled(weightAt) };
    }),
    kernel('mixing matrix, inverse', [square, square, square, square], (given) => {
      const { lu, inverseAt: reference } = luFactors(given);
      return { run: () => inverseMixingWeight(lu), check: sampled(reference, 1e-4) };
    }),
    kernel('mixing matrix, gradients', [square, square, square, square, square, square], (given) => {
      const { lu, dLowerAt } = luFactors(given);
      const dw = given.get([CHANNELS, CHANNELS, 1, 1], 'dw');
      return {
        run: () => {
          const gradient = luWeightOp.backward(dw.tensor, lu);
          for (const name of ['logS', 'upper'] as const) gradient[name]!();
          return gradient.lower!();
        },
        check: sampled(dLowerAt(dw.values), 1e-4),
      };
    }),
    {
      ...kernel(
        'matrix product',
        [
          [POINTS, FEATURES],
          [FEATURES, FEATURES],
          [POINTS, FEATURES],
        ],
        (given) => {
          const [a, b] = [given.get([POINTS, FEATURES]), given.get([FEATURES, FEATURES], 'weights')];
          const reference = (at: number) => {
            let total = 0;
            const first = Math.floor(at / FEATURES) * FEATURES;
            for (let k = 0; k < FEATURES; k++) total += a.values[first + k] * b.values[k * FEATURES + (at % FEATURES)];
            return total;
          };
          return { run: () => matmul(a.tensor, b.tensor), check: sampled(reference) };
        },
      ),
      work: {
        flop: 2 * POINTS * FEATURES ** 2,
        bytes: bytesOf([POINTS, FEATURES], [FEATURES, FEATURES], [POINTS, FEATURES]),
      },
    },
    kernel(
      'Adam',
      Array.from({ length: 7 }, () => [PARAMETERS]),
      prepareAdam,
    ),
    kernel(
      'normalization of bytes',
      [
        [1, size, size, 3],
        [1, size, size, 3],
      ],
      (given) => {
        const bytes = Uint8Array.from({ length: 3 * size * size }, (_, i) => (i * 2654435761) >>> 24);
        const x = unscoped(() => uploadBytes(given.gpu, bytes, [1, size, size]));
        const reference = (at: number) => {
          const [channel, pixel] = [Math.floor(at / size ** 2), at % size ** 2];
          return (bytes[3 * pixel + channel] / 255 - IMAGENET.mean[channel]) / IMAGENET.std[channel];
        };
        return { run: () => normalizeBytes(x), check: sampled(reference) };
      },
    ),
    kernel(
      'unpacking of pixels',
      [
        [size, size],
        [1, size, size, 3],
      ],
      (given) => {
        const words = Uint32Array.from({ length: size * size }, (_, i) => Math.imul(i, 2654435761));
        const x = unscoped(() => Tensor.from(given.gpu, [size, size], words, 'pixels'));
        const reference = (at: number) => (words[Math.floor(at / 3)] >>> (8 * (at % 3))) & 255;
        return { run: () => unpackPixels(x, size), check: sampled(reference, 0) };
      },
    ),
    kernel(
      'resizing of bytes, 3:2',
      [
        [1, 1.5 * size, 1.5 * size, 3],
        [1, size, size, 3],
      ],
      (given) => {
        const before = 1.5 * size;
        const bytes = Uint8Array.from({ length: 3 * before * before }, (_, i) => (i * 2654435761) >>> 24);
        const x = unscoped(() => uploadBytes(given.gpu, bytes, [1, before, before]));
        const taps = bilinearTaps(before, size);
        const expected = resizeOnCpu(bytes, before, before, size, size);
        return { run: () => resizeBytes(x, taps, taps, PRECISION_BITS), check: sampled((at) => expected[at], 0) };
      },
    ),
  ];
}

/** Factors with P a rotation of the rows by 3, and the matrix, its inverse and its gradient by their definitions. */
function luFactors(given: Inputs) {
  const { gpu } = given;
  const n = CHANNELS;
  const small = (shape: Shape, role: string) => given.get(shape, role).values.map((value) => 0.3 * value);
  const [lower, upper, logS] = [small([n, n], 'lower'), small([n, n], 'upper'), small([n], 'log s')];
  const sign = logS.map(Math.sign);
  const perm = new Float32Array(n * n).map((_, at) => Number((Math.floor(at / n) + 3) % n === at % n));
  const mean = logS.reduce((a, b) => a + b) / n;
  const entry = (matrix: Float32Array, diagonal: (i: number) => number, below: boolean) => (i: number, j: number) =>
    i === j ? diagonal(i) : i > j === below ? matrix[i * n + j] : 0;
  const l = entry(lower, () => 1, true);
  const u = entry(upper, (i) => sign[i] * Math.exp(logS[i] - mean), false);
  const sumOver = (value: (k: number) => number) => Array.from({ length: n }, (_, k) => value(k)).reduce((a, b) => a + b);
  const weight = (i: number, j: number) => sumOver((k) => l((i + 3) % n, k) * u(k, j));
  const inverse = invert(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => weight(i, j))));
  const tensor = (shape: Shape, values: Float32Array, name: string) => unscoped(() => Tensor.from(gpu, shape, values, name));
  return {
    lu: {
      lower: tensor([n, n], lower, 'lower'),
      logS: tensor([n], logS, 'log s'),
      upper: tensor([n, n], upper, 'upper'),
      perm: tensor([n, n], perm, 'perm'),
      sign: tensor([n], sign, 'sign'),
    },
    weightAt: (at: number) => weight(Math.floor(at / n), at % n),
    inverseAt: (at: number) => inverse[Math.floor(at / n)][at % n],
    /** dL = the strict lower part of P^T dw U^T */
    dLowerAt: (dw: Float32Array) => (at: number) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return i > j ? sumOver((k) => dw[((i - 3 + n) % n) * n + k] * u(j, k)) : 0;
    },
  };
}

/** By Gauss-Jordan elimination with row pivots. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let i = 0; i < n; i++) {
    const pivot = rows.slice(i).reduce((best, row, at) => (Math.abs(row[i]) > Math.abs(rows[best][i]) ? i + at : best), i);
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    rows[i] = rows[i].map((value) => value / rows[i][i]);
    for (const row of rows) {
      const factor = row[i];
      if (row !== rows[i]) rows[i].forEach((value, j) => (row[j] -= factor * value));
    }
  }
  return rows.map((row) => row.slice(n));
}

/** A step on given gradients, against the first step from its definition. */
function prepareAdam({ gpu }: Inputs) {
  const start = new Float32Array(PARAMETERS).map((_, i) => Math.sin(i));
  const parameters = new ParameterSet([{ name: 'x', shape: [PARAMETERS], data: start.slice() }], gpu);
  parameters.zeroGradients();
  const slopes = start.map((_, i) => Math.cos(3 * i) / 1000);
  parameters.gradient('x').write(slopes);
  const adam = new Adam(parameters);
  const { learningRate, epsilon, weightDecay, clipNorm } = ADAM_DEFAULTS;
  const clip = Math.min(1, clipNorm / (Math.sqrt(slopes.reduce((sum, slope) => sum + slope ** 2, 0)) + 1e-6));
  return {
    run() {
      adam.steps = 0;
      adam.step();
      return parameters.get('x');
    },
    check: sampled((at) => {
      const gradient = clip * slopes[at] + weightDecay * start[at];
      return start[at] - (learningRate * gradient) / (Math.abs(gradient) + epsilon);
    }),
    free: () => [adam, parameters].forEach((made) => made.free()),
  };
}

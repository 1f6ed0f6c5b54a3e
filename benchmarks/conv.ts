import { Random } from '../src/core/random';
import { median } from '../src/core/statistics';
import { openRuntime } from '../src/node/dawn';
import { directForward, directGradInput, directGradWeight } from '../src/ops/conv/direct';
import { fftConvForward, fftConvGradInput, fftConvGradWeight } from '../src/ops/conv/fft';
import { elements, type Shape, Tensor } from '../src/tensor/tensor';

// Effective GFLOP/s, 2 N H W Ci Co k^2 / time, of the direct and the FFT convolution and of their gradients, median (and best)
// of several runs after both were found to agree. Arguments: kernel sizes, default 7.

const BATCH = 2;
const CHANNELS = [
  [16, 32],
  [32, 32],
];
const SIDES = [256, 128, 64, 32, 16];
const RUNS = 7;
const AGREEMENT = 1e-5; // of the largest value
const PLAIN = { slope: 1, masked: false };

interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
  readonly side: number;
  readonly k: number;
}

const gpu = await openRuntime();
const random = new Random(1);
const kernelSizes = process.argv.slice(2).map(Number);

console.log(`${gpu.adapter.description}\n${columns('convolution', 'direct', '(best)', 'FFT', '(best)', 'first ms')}`);
for (const k of kernelSizes.length ? kernelSizes : [7]) {
  for (const [inputs, outputs] of CHANNELS) for (const side of SIDES) await compare({ inputs, outputs, side, k });
}
gpu.dispose();

async function compare(sizes: Sizes): Promise<void> {
  const { inputs, outputs, side, k } = sizes;
  const flop = 2 * BATCH * side ** 2 * inputs * outputs * k ** 2;
  const x = randomTensor([BATCH, inputs, side, side], 'x');
  const dy = randomTensor([BATCH, outputs, side, side], 'dy');
  const w = randomTensor([outputs, inputs, k, k], 'w');
  const emptyLike = (t: Tensor) => Tensor.empty(gpu, t.shape, 'result');
  const made = (result: Tensor, make: (result: Tensor) => void): Tensor => {
    make(result);
    return result;
  };
  const variants: Record<string, [direct: () => Tensor, fft: () => Tensor]> = {
    forward: [() => made(emptyLike(dy), (y) => directForward(x, w, y, 1, 1)), () => fftConvForward(x, w)],
    'grad input': [
      () => made(emptyLike(x), (dx) => directGradInput(dy, w, dx, 1, PLAIN)),
      () => made(emptyLike(x), (dx) => fftConvGradInput(dy, w, dx)),
    ],
    'grad weight': [() => directGradWeight(dy, x, k, 1), () => fftConvGradWeight(dy, x, k)],
  };
  for (const [name, [direct, fft]] of Object.entries(variants)) {
    const first = await milliseconds(fft);
    await check(`${name} ${JSON.stringify(sizes)}`, direct, fft);
    const speeds = [await speed(direct, flop), await speed(fft, flop)].flat();
    console.log(columns(`${name} ${k}x${k} ${inputs}->${outputs} ${side}x${side}`, ...speeds, first.toFixed(0)));
  }
  for (const tensor of [x, dy, w]) tensor.free();
}

/** Median and best GFLOP/s. */
async function speed(run: () => Tensor, flop: number): Promise<string[]> {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push(await milliseconds(run));
  return [median(times), Math.min(...times)].map((ms) => (flop / ms / 1e6).toFixed(1));
}

async function milliseconds(run: () => Tensor): Promise<number> {
  const start = performance.now();
  run().free();
  await gpu.finish();
  return performance.now() - start;
}

async function check(name: string, direct: () => Tensor, fft: () => Tensor): Promise<void> {
  const [a, b] = [direct(), fft()];
  const [expected, actual] = [await a.read(), await b.read()];
  for (const tensor of [a, b]) tensor.free();
  let largest = 0;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
  }
  if (!(error <= AGREEMENT * largest))
    throw new Error(`${name}: direct and FFT differ by ${error} with a largest value of ${largest}`);
}

function randomTensor(shape: Shape, label: string): Tensor {
  return Tensor.from(
    gpu,
    shape,
    Float32Array.from({ length: elements(shape) }, () => random.normal()),
    label,
  );
}

function columns(name: string, ...values: string[]): string {
  return name.padEnd(36) + values.map((value) => value.padStart(10)).join('');
}

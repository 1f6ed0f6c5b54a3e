import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fft2, ifft2, inverseFft2Real } from '../../src/ops/fft';
import { fftRadices } from '../../src/ops/fft-lengths';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { dft2, toComplex } from '../support/dft';
import { gpu, randomTensor } from '../support/gpu';

/** The largest error allowed: 1e-6 sqrt(log2 N) of the root mean square of the values, and the result's rounding. */
function tolerance(values: Float64Array, points: number): { absolute: number; relative: number } {
  const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  return { absolute: 1e-6 * Math.sqrt(Math.log2(points)) * size, relative: 1e-7 };
}

const SHAPES: readonly (readonly [planes: number, height: number, width: number])[] = [
  [1, 1, 1],
  [3, 1, 1],
  [2, 1, 5],
  [2, 7, 1],
  [3, 6, 10],
  [2, 49, 30],
  [1, 64, 75],
  [5, 3, 4],
  [1, 90, 105],
  [70, 2, 2],
  [2, 11, 13],
  [2, 22, 97],
  [3, 1, 11],
  [1, 26, 34],
  [1, 169, 3],
];

for (const [planes, height, width] of SHAPES) {
  test(`${planes}x${height}x${width}: the transform and the real part of its inverse, by definition`, async () => {
    const x = randomTensor([planes, height, width], 'x');
    const real = await x.read();
    const expected = dft2(toComplex(real), height, width, -1);
    const y = fft2(x);
    assert.equal(y.shape, [planes, height, width, 2]);
    assertClose(await y.read(), expected, tolerance(expected, height * width), 'fft2');
    assertClose(await x.read(), real, 0, 'x after');

    const spectrum = randomTensor([planes, height, width, 2], 'spectrum'); // of no real signal
    const values = await spectrum.read();
    const whole = dft2(Float64Array.from(values), height, width, 1);
    const inverse = whole.filter((_, i) => i % 2 === 0).map((v) => 0.25 * v);
    const realPart = await inverseFft2Real(spectrum, 0.25).read();
    assertClose(realPart, inverse, tolerance(inverse, 2 * height * width), 'inverse');
    assertClose(await spectrum.read(), values, 0, 'spectrum after');
  });
}

const LENGTHS = [
  ...Array.from({ length: 2048 }, (_, i) => i + 1).filter((length) => Math.max(...fftRadices(length)) <= 7),
  ...[11, 121, 341, 352, 1021, 2027, 2046],
];

test(`${LENGTHS.length} lengths, among them all to 2048 without prime factors above 7, along rows`, async () => {
  for (const length of LENGTHS) {
    const x = randomTensor([1, 1, length], 'x');
    const expected = dft2(toComplex(await x.read()), 1, length, -1);
    const y = fft2(x);
    assertClose(await y.read(), expected, tolerance(expected, length), `length ${length}`);
    for (const tensor of [x, y]) tensor.free();
  }
});

test('the longest length along columns, forth and back', async () => {
  const x = randomTensor([1, 2048, 2], 'x');
  const real = await x.read();
  const y = fft2(x);
  const expected = dft2(toComplex(real), 2048, 2, -1);
  assertClose(await y.read(), expected, tolerance(expected, 4096), 'forth');
  assertClose(await inverseFft2Real(y, 1 / 4096).read(), real, 4e-6, 'back');
});

test('a constant has one frequency, an impulse has all', async () => {
  const ones = await fft2(Tensor.from(gpu, [1, 6, 14], new Float32Array(84).fill(1), 'ones')).read();
  assertClose(
    ones,
    Float64Array.from({ length: 168 }, (_, i) => (i === 0 ? 84 : 0)),
    2e-5,
    'ones',
  );
  const impulse = Float32Array.from({ length: 84 }, (_, i) => Number(i === 0));
  const spectrum = await fft2(Tensor.from(gpu, [1, 6, 14], impulse, 'impulse')).read();
  assertClose(
    spectrum,
    Float64Array.from({ length: 168 }, (_, i) => Number(i % 2 === 0)),
    0,
    'impulse',
  );
});

test('nothing but the result and the tables stays in memory', () => {
  const [x, spectrum] = [randomTensor([2, 30, 1], 'x'), randomTensor([2, 1, 30, 2], 'spectrum')];
  const work = () => [fft2(x), inverseFft2Real(spectrum, 1)];
  for (const tensor of work()) tensor.free();
  const before = gpu.memory.use().live;
  for (const tensor of work()) tensor.free();
  assert.is(gpu.memory.use().live, before);
});

test('shapes that hold no planes are refused', () => {
  assert.throws(() => fft2(randomTensor([8], 'x')), /x = x \[8\] is not \(\.\.\., H, W\)/);
  assert.throws(() => ifft2(randomTensor([8, 8, 3], 'x')), /not complex/);
});

test.run();

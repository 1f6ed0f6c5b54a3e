import fftKernel from '../../shaders/fft/fft_pass.wgsl';
import realPartKernel from '../../shaders/fft/real_part.wgsl';
import type { Runtime } from '../gpu/runtime';
import { unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { requireRadices } from './fft-lengths';
import { linearGrid } from './grid';

const tables = new WeakMap<Runtime, Map<number, Tensor>>();

/**
 * The 2-D Fourier transform, not normalized: real (P, H, W) -> complex (P, H, W, 2).
 *
 * @throws PyramidFlowError ShapeError if a side has a prime factor above 7
 */
export function fft2(x: Tensor): Tensor {
  const [planes, height, width] = x.shape;
  const rows = transform(x, true, planes * height, width, 1, 1);
  const result = transform(rows, false, planes, height, width, 1);
  if (result !== rows) rows.free();
  return result;
}

/** factor * the real part of the inverse 2-D transform, not normalized: complex (P, H, W, 2) -> real (P, H, W). */
export function inverseFft2Real(x: Tensor, factor: number): Tensor {
  const [planes, height, width] = x.shape;
  const rows = transform(x, false, planes * height, width, 1, -1);
  const whole = transform(rows, false, planes, height, width, -1);
  const y = Tensor.empty(x.gpu, [planes, height, width], 'inverse fft');
  x.gpu.run(realPartKernel, { tensors: { x: whole, y }, uniforms: { size: y.size, factor }, grid: linearGrid(y.size) });
  for (const made of new Set([rows, whole])) if (made !== x) made.free();
  return y;
}

/**
 * The transform along the middle axis of (outer, length, inner), as a new tensor. A complex x whose axis has one point is its own
 * transform, and returned itself.
 *
 * @param real x is real; the result is complex in any case
 */
function transform(x: Tensor, real: boolean, outer: number, length: number, inner: number, direction: 1 | -1): Tensor {
  const radices = requireRadices(length, 'a side');
  if (radices.length === 0 && real) radices.push(1);
  const shape = real ? [...x.shape, 2] : x.shape;
  let done = 1;
  let current = x;
  for (const radix of radices) {
    const y = Tensor.empty(x.gpu, shape, 'fft');
    x.gpu.run(fftKernel, {
      tensors: { x: current, twiddles: twiddles(x.gpu, length), y },
      uniforms: { outer, length, inner, done, direction },
      constants: { RADIX: radix, REAL: Number(real && current === x) },
      grid: linearGrid((outer * length * inner) / radix),
    });
    if (current !== x) current.free();
    current = y;
    done *= radix;
  }
  return current;
}

/** exp(-2 pi i t / length) for t < length, complex. */
function twiddles(gpu: Runtime, length: number): Tensor {
  const known = tables.get(gpu) ?? new Map<number, Tensor>();
  tables.set(gpu, known);
  let table = known.get(length);
  if (!table) {
    const values = Float32Array.from({ length: 2 * length }, (_, i) => {
      const angle = (-2 * Math.PI * Math.floor(i / 2)) / length;
      return i % 2 ? Math.sin(angle) : Math.cos(angle);
    });
    table = unscoped(() => Tensor.from(gpu, [length, 2], values, `twiddles ${length}`));
    known.set(length, table);
  }
  return table;
}

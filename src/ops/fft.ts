import fftKernel from '../../shaders/fft/fft_pass.wgsl';
import primeKernel from '../../shaders/fft/fft_pass_prime.wgsl';
import realPartKernel from '../../shaders/fft/real_part.wgsl';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { Tensor } from '../tensor/tensor';
import { scaleInto } from './elementwise';
import { fftRadices } from './fft-lengths';
import { linearGrid } from './grid';
import { apply, type Op } from './op';
import { table } from './table';

const LARGEST_UNROLLED = 7; // radix of fft_pass

/** `fft2` as an operation. */
export const fft2Op: Op<'x', { complex: boolean }> = {
  name: 'fft2',
  saves: [],
  forward: ({ x }, { complex }) => transform2(x, !complex, 1),
  backward: (dy, _, { complex }) => ({ x: () => (complex ? transform2(dy, false, -1) : inverseFft2Real(dy, 1)) }),
};

/**
 * The 2-D Fourier transform along the last two axes, not normalized: real (..., H, W) -> complex (..., H, W, 2). Sides of any length;
 * prime factors above 7 take as many steps as they are large.
 *
 * @param options complex: x is complex itself, (..., H, W, 2); default false
 * @throws PyramidFlowError ShapeError for fewer axes
 * @example
 * const spectrum = fft2(images); // (N, C, H, W) -> (N, C, H, W, 2)
 */
export const fft2 = (x: Tensor, { complex = false } = {}): Tensor => apply(fft2Op, { x }, { complex });

/** `ifft2` as an operation. */
export const ifft2Op: Op<'x', void> = {
  name: 'ifft2',
  saves: [],
  forward: ({ x }) => normalized(transform2(x, false, -1)),
  backward: (dy) => ({ x: () => normalized(transform2(dy, false, 1)) }),
};

/** The inverse of `fft2`: complex (..., H, W, 2) -> complex (..., H, W, 2), divided by H W. */
export const ifft2 = (x: Tensor): Tensor => apply(ifft2Op, { x }, undefined);

/** factor * the real part of the inverse 2-D transform, not normalized: complex (..., H, W, 2) -> real (..., H, W). */
export function inverseFft2Real(x: Tensor, factor: number): Tensor {
  const whole = transform2(x, false, -1);
  const y = Tensor.empty(x.gpu, x.shape.slice(0, -1), 'inverse fft');
  x.gpu.run(realPartKernel, { tensors: { x: whole, y }, uniforms: { size: y.size, factor }, grid: linearGrid(y.size) });
  whole.free();
  return y;
}

function transform2(x: Tensor, real: boolean, direction: 1 | -1): Tensor {
  const [height, width] = real ? x.shape.slice(-2) : x.shape.slice(-3);
  if (x.shape.length < (real ? 2 : 3) || (!real && x.shape.at(-1) !== 2)) {
    const problem = `fft2: x = ${x.label} [${x.shape.join(', ')}] is not ${real ? '(..., H, W)' : 'complex, (..., H, W, 2)'}`;
    throw new PyramidFlowError('ShapeError', problem, 'let real and imaginary parts be the last axis of complex numbers');
  }
  const planes = x.size / (height! * width! * (real ? 1 : 2));
  const rows = transform(x, real, planes * height!, width!, 1, direction);
  const result = transform(rows, false, planes, height!, width!, direction);
  if (result !== rows && rows !== x) rows.free();
  return result === x ? x.copy('fft') : result;
}

function normalized(x: Tensor): Tensor {
  const [height, width] = x.shape.slice(-3);
  scaleInto(x, 1 / (height! * width!));
  return x;
}

/**
 * The transform along the middle axis of (outer, length, inner), as a new tensor. A complex x whose axis has one point is its own
 * transform, and returned itself.
 *
 * @param real x is real; the result is complex in any case
 */
function transform(x: Tensor, real: boolean, outer: number, length: number, inner: number, direction: 1 | -1): Tensor {
  const radices = fftRadices(length);
  if (radices.length === 0 && real) radices.push(1);
  const shape = real ? [...x.shape, 2] : x.shape;
  let done = 1;
  let current = x;
  for (const radix of radices) {
    const y = Tensor.empty(x.gpu, shape, 'fft');
    const tensors = { x: current, twiddles: twiddles(x.gpu, length), y };
    const uniforms = { outer, length, inner, done, direction };
    const REAL = Number(real && current === x);
    if (radix <= LARGEST_UNROLLED) {
      const grid = linearGrid((outer * length * inner) / radix);
      x.gpu.run(fftKernel, { tensors, uniforms, constants: { RADIX: radix, REAL }, grid });
    } else {
      const grid = linearGrid(outer * length * inner);
      x.gpu.run(primeKernel, { tensors, uniforms: { ...uniforms, radix }, constants: { REAL }, grid });
    }
    if (current !== x) current.free();
    current = y;
    done *= radix;
  }
  return current;
}

/** exp(-2 pi i t / length) for t < length, complex. */
function twiddles(gpu: Runtime, length: number): Tensor {
  return table(gpu, `twiddles ${length}`, () => {
    const values = Float32Array.from({ length: 2 * length }, (_, i) => {
      const angle = (-2 * Math.PI * Math.floor(i / 2)) / length;
      return i % 2 ? Math.sin(angle) : Math.cos(angle);
    });
    return Tensor.from(gpu, [length, 2], values, `twiddles ${length}`);
  });
}

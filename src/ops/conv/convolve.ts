import { PyramidFlowError } from '../../core/errors';
import type { Runtime } from '../../gpu/runtime';
import { scope } from '../../tensor/scope';
import { Tensor } from '../../tensor/tensor';
import { addBias } from '../bias';
import { addInto, fill } from '../elementwise';
import { resizeGradient, resizeNearest } from '../nearest';
import { apply, type Op } from '../op';
import { expectShape, imageShape, misfit, sizesOf } from '../shape';
import { directForward, directGradInput, directGradWeight, packWeights } from './direct';
import {
  type FftOptions,
  fftConvForward,
  fftConvGradInput,
  fftConvGradients,
  fftConvGradWeight,
  type GradientOptions,
} from './fft';
import { weightSpectra } from './spectra';
import { cutIntoTiles } from './tiles';
import { largestTile } from './variants';
import { type PreparedWeights, tensorOf, type Weights } from './weights';

/** How a convolution runs. `enlarge` requires stride 1. */
export interface ConvolutionOptions extends Omit<FftOptions, 'tile'> {
  /** 1 or 2; default 1 */
  readonly stride?: number;
}

export interface ForwardOptions extends ConvolutionOptions {
  /** of a LeakyReLU on the result; default 1, for none */
  readonly slope?: number;
  /** where to write the result; default a new tensor */
  readonly into?: Tensor;
}

const KERNEL_SIZES = [1, 3, 5, 7, 9, 11];
const PLAIN = { slope: 1, masked: false };

/** Kernel sizes that FFT tiles can compute, with stride 1. */
export const FFT_KERNELS = [3, 5, 7, 9, 11];

type Method = 'direct' | 'fft';

/** The key in `Runtime.choices` of the method for a kernel size. */
export const methodChoice = (k: number): string => `convolution ${k}x${k}`;

/**
 * The method by which a convolution is computed: by its shape, and by what a tuner chose for its kernel size. For large kernels FFT
 * tiles need several times fewer operations, but not on maps smaller than a tile. For 3x3 it depends on the adapter (lavapipe is
 * faster with tiles), so the default is the direct kernel.
 *
 * @param height of the result
 * @param chosen by a tuner
 */
export function convolutionMethod(k: number, stride: number, height: number, width: number, chosen?: Method): Method {
  if (stride !== 1 || !FFT_KERNELS.includes(k) || height * width < 256) return 'direct';
  return chosen ?? (k >= 5 ? 'fft' : 'direct');
}

/**
 * y = leaky(conv(x, w)), the cross-correlation with zero padding floor(k / 2), without bias.
 *
 * @param x (N, Ci, H, W)
 * @param weights (Co, Ci, k, k), with k of 1, 3, 5, 7, 9 or 11
 * @returns (N, Co, ceil(enlarge H / stride), ceil(enlarge W / stride))
 * @throws PyramidFlowError ShapeError if x and the weights do not fit, for another k, and for a stride other than 1 and 2
 */
export function convolve(
  x: Tensor,
  weights: Weights,
  { stride = 1, enlarge = 1, slope = 1, into, workspace }: ForwardOptions = {},
): Tensor {
  const w = tensorOf(weights);
  checkConvolution(x, w, stride);
  const [n, , height, width] = sizesOf(x);
  const [outputs, , k] = sizesOf(w);
  const shape = [n, outputs, Math.ceil((height * enlarge) / stride), Math.ceil((width * enlarge) / stride)];
  if (into) expectShape(into, shape, 'conv2d');
  if (methodFor(w.gpu, k, stride, shape) === 'fft') return fftConvForward(x, weights, { slope, into, enlarge, workspace });
  const y = into ?? Tensor.empty(x.gpu, shape, 'conv2d');
  withEnlarged(x, enlarge, (input) => directForward(input, weights, y, stride, slope));
  return y;
}

/**
 * Computes once what `convolve` with stride 1 would compute from these weights for every image of this size. `w` stays the caller's;
 * `freePrepared` frees the rest.
 *
 * @param height of the result for a single image; another size or batch may need another form, and is then not prepared for
 */
export function prepareWeights(w: Tensor, height: number, width: number): PreparedWeights {
  const [outputs, inputs, k] = sizesOf(w);
  if (methodFor(w.gpu, k, 1, [1, outputs, height, width]) === 'direct') return { w, packed: packWeights(w, false) };
  const { tile } = cutIntoTiles({ batch: 1, height, width, inputs, outputs }, k, {
    largest: largestTile(w.gpu),
    workspace: w.gpu.workspace,
  });
  return { w, spectra: weightSpectra(w, tile, 'inputs') };
}

/** Frees what `prepareWeights` computed, but not the weights. */
export function freePrepared({ packed, spectra }: PreparedWeights): void {
  packed?.free();
  spectra?.free();
}

/** d(loss)/dx from dy, for an x of (N, Ci, height, width). */
export function convolveGradInput(
  dy: Tensor,
  w: Tensor,
  height: number,
  width: number,
  { stride = 1, enlarge = 1, into, workspace }: ConvolutionOptions & Pick<GradientOptions, 'into'> = {},
): Tensor {
  const dx = into ?? Tensor.empty(dy.gpu, [dy.shape[0]!, w.shape[1]!, height, width], 'conv2d dx');
  if (methodFor(w.gpu, w.shape[2]!, stride, dy.shape) === 'fft') fftConvGradInput(dy, w, dx, { enlarge, workspace });
  else if (enlarge === 1) directGradInput(dy, w, dx, stride, PLAIN);
  else {
    const dInput = Tensor.empty(dy.gpu, [dy.shape[0]!, w.shape[1]!, height * enlarge, width * enlarge], 'conv2d dx');
    directGradInput(dy, w, dInput, stride, PLAIN);
    fill(dx, 0);
    resizeGradient(dInput, 0, dx);
    dInput.free();
  }
  return dx;
}

/** Both gradients, stride 1, which costs less than one after the other. dx may replace x: x is read first. */
export function convolveGradients(
  dy: Tensor,
  x: Tensor,
  w: Tensor,
  options: GradientOptions = {},
): { dx: Tensor; dw: Tensor } {
  if (methodFor(w.gpu, w.shape[2]!, 1, dy.shape) === 'fft') return fftConvGradients(dy, x, w, options);
  const { throughLeaky, addTo, ...rest } = options;
  let dw = convolveGradWeight(dy, x, w.shape[2]!, rest);
  if (addTo) {
    addInto(addTo, dw);
    dw.free();
    dw = addTo;
  }
  if (throughLeaky === undefined) return { dx: convolveGradInput(dy, w, x.shape[2]!, x.shape[3]!, rest), dw };
  directGradInput(dy, w, x, 1, { slope: throughLeaky, masked: true }); // x holds the mask, and receives the result
  return { dx: x, dw };
}

/** d(loss)/dw, (Co, Ci, k, k), from dy and x. */
export function convolveGradWeight(
  dy: Tensor,
  x: Tensor,
  k: number,
  { stride = 1, enlarge = 1, workspace }: ConvolutionOptions = {},
): Tensor {
  if (methodFor(dy.gpu, k, stride, dy.shape) === 'fft') return fftConvGradWeight(dy, x, k, { enlarge, workspace });
  return withEnlarged(x, enlarge, (input) => directGradWeight(dy, input, k, stride));
}

const methodFor = ({ choices }: Runtime, k: number, stride: number, [, , height, width]: readonly number[]) =>
  convolutionMethod(k, stride, height!, width!, choices.get(methodChoice(k)) as Method | undefined);

function withEnlarged<T>(x: Tensor, enlarge: 1 | 2, work: (input: Tensor) => T): T {
  if (enlarge === 1) return work(x);
  const input = resizeNearest(x, 2 * x.shape[2]!, 2 * x.shape[3]!);
  const result = work(input);
  input.free();
  return result;
}

/** `convolve` as an operation. */
export const conv2dOp: Op<'x' | 'w', Pick<ConvolutionOptions, 'stride' | 'workspace'>, 'x' | 'w'> = {
  name: 'conv2d',
  saves: ['x', 'w'],
  forward: ({ x, w }, options) => convolve(x, w, options),
  backward: (dy, { x, w }, options) => ({
    x: () => convolveGradInput(dy, w, x.shape[2]!, x.shape[3]!, options),
    w: () => convolveGradWeight(dy, x, w.shape[2]!, options),
  }),
};

/**
 * y = conv(x, w) + bias, the cross-correlation with zero padding floor(k / 2), recorded.
 *
 * @param x (N, Ci, H, W)
 * @param w (Co, Ci, k, k), with k of 1, 3, 5, 7, 9 or 11
 * @param options stride: 1 or 2, default 1; bias: (Co), default none; workspace: the most bytes that spectra take at a time
 * @returns (N, Co, ceil(H / stride), ceil(W / stride))
 * @throws PyramidFlowError ShapeError if they do not fit, for another k, and for a stride other than 1 and 2
 * @example
 * const y = relu(conv2d(x, w, { stride: 2, bias }));
 */
export function conv2d(
  x: Tensor,
  w: Tensor,
  { bias, ...options }: Pick<ConvolutionOptions, 'stride' | 'workspace'> & { readonly bias?: Tensor } = {},
): Tensor {
  if (!bias) return apply(conv2dOp, { x, w }, options);
  return scope(() => addBias(apply(conv2dOp, { x, w }, options), bias));
}

function checkConvolution(x: Tensor, w: Tensor, stride: number): void {
  const [, channels] = imageShape(x, 'conv2d');
  const [, inputs, k, kx] = imageShape(w, 'conv2d');
  if (channels !== inputs) {
    throw misfit('conv2d', { x, w }, `let x have ${inputs} channels, or the weights take ${channels}`);
  }
  if (k !== kx || !KERNEL_SIZES.includes(k)) {
    throw new PyramidFlowError(
      'ShapeError',
      `conv2d: unsupported kernel of ${k}x${kx} in ${w.label}`,
      `use a square kernel of ${KERNEL_SIZES.join(', ')}`,
    );
  }
  if (stride !== 1 && stride !== 2) {
    throw new PyramidFlowError('ShapeError', `conv2d: unsupported stride ${stride}`, 'use stride 1 or 2');
  }
}

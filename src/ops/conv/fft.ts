import { Tensor } from '../../tensor/tensor';
import { imageShape, sizesOf } from '../shape';
import {
  correlateSpectra,
  emptyWeightSpectra,
  multiplySpectra,
  type Planes,
  pairSpectra,
  pairsFromSpectra,
  type Window,
  weightSpectra,
  weightsFromSpectra,
} from './spectra';
import { cutIntoTiles, type Tile } from './tiles';
import { largestTile } from './variants';
import { preparedOf, tensorOf, type Weights } from './weights';

// Convolution through Fourier transforms of overlapping tiles (overlap-save), stride 1, zero padding k / 2, odd k up to 11.
// Spectra are computed for one chunk of tiles at a time, so that the workspace does not grow with the images.

export interface FftOptions {
  /** the most bytes that spectra of activations take at a time; default `Runtime.workspace` */
  readonly workspace?: number;
  /** default the size of least work */
  readonly tile?: Tile;
  /** 2: the convolution reads x enlarged twice (nearest), and dx is half as high and wide as dy; default 1 */
  readonly enlarge?: 1 | 2;
}

export interface FftForwardOptions extends FftOptions {
  /** of a LeakyReLU on the result; default 1, for none */
  readonly slope?: number;
  /** where to write the result; default a new tensor */
  readonly into?: Tensor;
}

export interface GradientOptions extends FftOptions {
  /** where to write dx, which may be x; default a new tensor */
  readonly into?: Tensor;
  /** slope of a LeakyReLU whose output x is: x is then replaced by d(loss)/d(its input) */
  readonly throughLeaky?: number;
  /** a tensor to which dw is added; default a new tensor */
  readonly addTo?: Tensor;
}

/** A tile with its surroundings, as overlap-save reads it. */
const around = (k: number, tile: number): Window => ({ origin: -(k >> 1), start: 0, side: tile });

/** y = leaky(conv(x, w)), (N, Co, enlarge H, enlarge W). x: (N, Ci, H, W), weights: (Co, Ci, k, k). */
export function fftConvForward(
  x: Tensor,
  weights: Weights,
  { slope = 1, into, enlarge = 1, ...options }: FftForwardOptions = {},
): Tensor {
  const w = tensorOf(weights);
  const [batch, , height, width] = imageShape(x, 'conv2d');
  const [outputs, , k] = sizesOf(w);
  const y = into ?? Tensor.empty(x.gpu, [batch, outputs, enlarge * height, enlarge * width], 'conv2d');
  const [from, to] = [imagePlanes(x, enlarge), imagePlanes(y)];
  const { chunks, ...cut } = cutIntoTiles({ ...to, batch, inputs: from.channels, outputs }, k, {
    largest: largestTile(w.gpu),
    ...options,
    workspace: options.workspace ?? w.gpu.workspace,
  });
  const prepared = preparedOf(weights).spectra;
  const spectra = prepared?.shape[1] === cut.tile ? prepared : weightSpectra(w, cut.tile, 'inputs');
  for (const chunk of chunks) {
    const xs = pairSpectra(from, cut, chunk, around(k, cut.tile));
    const ys = multiplySpectra(xs, spectra, true);
    xs.free();
    pairsFromSpectra(ys, to, cut, chunk, { first: 0, side: cut.step, slope, masked: false });
    ys.free();
  }
  if (spectra !== prepared) spectra.free();
  return y;
}

/** Writes d(loss)/dx to dx (N, Ci, H, W). dy: (N, Co, enlarge H, enlarge W), w: (Co, Ci, k, k). */
export function fftConvGradInput(dy: Tensor, w: Tensor, dx: Tensor, { enlarge, ...options }: FftOptions = {}): void {
  fftConvBackward(dy, imagePlanes(dx, enlarge), w.shape[2]!, { dx: { w, slope: 1, masked: false } }, options);
}

/** d(loss)/dw, (Co, Ci, k, k). dy: (N, Co, enlarge H, enlarge W), x: (N, Ci, H, W). */
export function fftConvGradWeight(
  dy: Tensor,
  x: Tensor,
  kernelSize: number,
  { enlarge, ...options }: FftOptions = {},
): Tensor {
  const input = imagePlanes(x, enlarge);
  return fftConvBackward(dy, input, kernelSize, { dw: { input } }, options)!;
}

/** Both gradients in one run: they share the spectra of dy. */
export function fftConvGradients(
  dy: Tensor,
  x: Tensor,
  w: Tensor,
  { enlarge = 1, throughLeaky, into, addTo, ...options }: GradientOptions = {},
): { dx: Tensor; dw: Tensor } {
  const masked = throughLeaky !== undefined;
  const dx = masked ? x : (into ?? Tensor.empty(x.gpu, x.shape, 'conv2d dx'));
  const wanted = { dx: { w, slope: throughLeaky ?? 1, masked }, dw: { input: imagePlanes(x, enlarge), addTo } };
  const dw = fftConvBackward(dy, imagePlanes(dx, enlarge), w.shape[2]!, wanted, options)!;
  return { dx, dw };
}

interface Wanted {
  /** computes the gradient of the input */
  readonly dx?: { readonly w: Tensor; readonly slope: number; readonly masked: boolean };
  /** computes the gradient of the weights, for this input, as a new tensor or added to one */
  readonly dw?: { readonly input: Planes; readonly addTo?: Tensor };
}

/**
 * The backward, tile by tile. A tile of x is read before its gradient is written, so both may be one tensor. A tile of dy is taken
 * with its surroundings, and a tile of x without, at the end of its square: value (r, s) of their correlation is then the gradient
 * of weight (r, s).
 */
function fftConvBackward(dy: Tensor, input: Planes, k: number, { dx, dw }: Wanted, options: FftOptions): Tensor | undefined {
  const [batch, outputs] = sizesOf(dy);
  const from = imagePlanes(dy);
  const { chunks, ...cut } = cutIntoTiles({ ...input, batch, inputs: input.channels, outputs }, k, {
    largest: largestTile(dy.gpu),
    ...options,
    workspace: options.workspace ?? dy.gpu.workspace,
  });
  const spectra = dx && weightSpectra(dx.w, cut.tile, 'outputs');
  const sums = dw && emptyWeightSpectra(dy.gpu, cut.tile, input.channels, outputs);
  for (const chunk of chunks) {
    const dys = pairSpectra(from, cut, chunk, around(k, cut.tile));
    if (dw) {
      const xs = pairSpectra(dw.input, cut, chunk, { origin: 1 - k, start: k - 1, side: cut.step });
      correlateSpectra(xs, dys, sums!, chunk.firstPair === 0);
      xs.free();
    }
    if (dx) {
      const { slope, masked } = dx;
      const dxs = multiplySpectra(dys, spectra!, false);
      pairsFromSpectra(dxs, input, cut, chunk, { first: k - 1, side: cut.step, slope, masked });
      dxs.free();
    }
    dys.free();
  }
  spectra?.free();
  if (!sums) return undefined;
  const result = dw?.addTo ?? Tensor.empty(dy.gpu, [outputs, input.channels, k, k], 'conv2d dw');
  weightsFromSpectra(sums, result, dw?.addTo !== undefined);
  sums.free();
  return result;
}

function imagePlanes(tensor: Tensor, enlarge: 1 | 2 = 1): Planes {
  const [, channels, height, width] = imageShape(tensor, 'conv2d');
  const channelStride = height * width;
  const imageStride = channels * channelStride;
  return { tensor, height: enlarge * height, width: enlarge * width, channels, imageStride, channelStride, enlarge };
}

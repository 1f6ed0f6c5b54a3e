import { Tensor } from '../../tensor/tensor';
import { imageShape } from '../shape';
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
import { planTiles, type Tile } from './tiles';
import { largestTile } from './variants';

// Convolution through Fourier transforms of overlapping tiles (overlap-save), stride 1, zero padding k / 2, odd k up to 11.
// The spectra are taken in chunks of tiles, so that the workspace does not grow with the images.

export interface FftOptions {
  /** bytes that spectra of activations may take at a time; default 16 MiB */
  readonly workspace?: number;
  /** default the one of least work */
  readonly tile?: Tile;
  /** 2: x stands for itself enlarged twice (nearest), and the gradient to it is half as high and wide as dy; default 1 */
  readonly enlarge?: 1 | 2;
}

export interface FftForwardOptions extends FftOptions {
  /** of a LeakyReLU on the result; default 1, which is none */
  readonly slope?: number;
  /** where the result goes; default a new tensor */
  readonly into?: Tensor;
}

export interface GradientOptions extends FftOptions {
  /** where dx goes, which may be x; default a new tensor */
  readonly into?: Tensor;
  /** x = leaky(a) of this slope: x receives d(loss)/da */
  readonly throughLeaky?: number;
  /** what dw is added to; default a new tensor */
  readonly addTo?: Tensor;
}

/** A tile with all of its surroundings: what overlap-save reads. */
const around = (k: number, tile: number): Window => ({ origin: -(k >> 1), start: 0, side: tile });

/** y = leaky(conv(x, w)), (N, Co, H, W). x: (N, Ci, H, W), w: (Co, Ci, k, k). */
export function fftConvForward(
  x: Tensor,
  w: Tensor,
  { slope = 1, into, enlarge = 1, ...options }: FftForwardOptions = {},
): Tensor {
  const [batch, , height, width] = imageShape(x);
  const [outputs, , k] = w.shape;
  const y = into ?? Tensor.empty(x.gpu, [batch, outputs, enlarge * height, enlarge * width], 'conv2d');
  const [from, to] = [imagePlanes(x, enlarge), imagePlanes(y)];
  const { chunks, ...cut } = planTiles({ ...to, batch, inputs: from.channels, outputs }, k, {
    largest: largestTile(w.gpu),
    ...options,
  });
  const spectra = weightSpectra(w, cut.tile, 'inputs');
  for (const chunk of chunks) {
    const xs = pairSpectra(from, cut, chunk, around(k, cut.tile));
    const ys = multiplySpectra(xs, spectra, true);
    xs.free();
    pairsFromSpectra(ys, to, cut, chunk, { first: 0, side: cut.step, slope, masked: false });
    ys.free();
  }
  spectra.free();
  return y;
}

/** dx (N, Ci, H, W), half as high and wide where x was enlarged, becomes d(loss)/dx. dy: (N, Co, H, W), w: (Co, Ci, k, k). */
export function fftConvGradInput(dy: Tensor, w: Tensor, dx: Tensor, { enlarge, ...options }: FftOptions = {}): void {
  fftConvBackward(dy, imagePlanes(dx, enlarge), w.shape[2], { dx: { w, slope: 1, masked: false } }, options);
}

/** d(loss)/dw, (Co, Ci, k, k). dy: (N, Co, H, W), x: (N, Ci, H, W). */
export function fftConvGradWeight(
  dy: Tensor,
  x: Tensor,
  kernelSize: number,
  { enlarge, ...options }: FftOptions = {},
): Tensor {
  const input = imagePlanes(x, enlarge);
  return fftConvBackward(dy, input, kernelSize, { dw: { input } }, options)!;
}

/** Both gradients, which share the spectra of dy. */
export function fftConvGradients(
  dy: Tensor,
  x: Tensor,
  w: Tensor,
  { enlarge = 1, throughLeaky, into, addTo, ...options }: GradientOptions = {},
): { dx: Tensor; dw: Tensor } {
  const masked = throughLeaky !== undefined;
  const dx = masked ? x : (into ?? Tensor.empty(x.gpu, x.shape, 'conv2d dx'));
  const wanted = { dx: { w, slope: throughLeaky ?? 1, masked }, dw: { input: imagePlanes(x, enlarge), addTo } };
  const dw = fftConvBackward(dy, imagePlanes(dx, enlarge), w.shape[2], wanted, options)!;
  return { dx, dw };
}

interface Wanted {
  /** writes the gradient to the input */
  readonly dx?: { readonly w: Tensor; readonly slope: number; readonly masked: boolean };
  /** returns the gradient to the weights, for this input, or adds it */
  readonly dw?: { readonly input: Planes; readonly addTo?: Tensor };
}

/**
 * The gradients that are wanted, tile by tile: a tile of x is read before its gradient is written, so both may be one
 * tensor. A tile of dy is taken with its surroundings, one of x without, at the end of its square: then value (r, s) of
 * their correlation is the gradient to weight (r, s).
 */
function fftConvBackward(dy: Tensor, input: Planes, k: number, { dx, dw }: Wanted, options: FftOptions): Tensor | undefined {
  const [batch, outputs] = dy.shape;
  const from = imagePlanes(dy);
  const { chunks, ...cut } = planTiles({ ...input, batch, inputs: input.channels, outputs }, k, {
    largest: largestTile(dy.gpu),
    ...options,
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
  const [, channels, height, width] = imageShape(tensor);
  const channelStride = height * width;
  const imageStride = channels * channelStride;
  return { tensor, height: enlarge * height, width: enlarge * width, channels, imageStride, channelStride, enlarge };
}

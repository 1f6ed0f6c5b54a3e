import normalizeKernel from '../../shaders/image/normalize.wgsl';
import resizeKernel from '../../shaders/image/resize.wgsl';
import unpackPixelsKernel from '../../shaders/image/unpack_pixels.wgsl';
import { scope } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';

/** Channel statistics by which network input is normalized, for values from 0 to 1. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The statistics of ImageNet, with which PyramidFlow was released. */
export const IMAGENET: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Coefficients of a resize along one axis, in fixed point, as `bilinearTaps` makes them. */
export interface ResizeTaps {
  /** first input position of each output position */
  readonly starts: Int32Array;
  /** `stride` weights per output position */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** RGBA pixels, one in a u32, (H, pitch) -> RGB bytes of the first `width` pixels of every row, (1, H, width, 3). */
export function unpackPixels(x: Tensor<'u32'>, width: number): Tensor<'u32'> {
  const [height = 0, pitch = 0] = x.shape;
  const y = Tensor.empty(x.gpu, [1, height, width, 3], 'bytes', 'u32');
  const uniforms = { size: y.size, width, pitch };
  x.gpu.run(unpackPixelsKernel, { tensors: { x, y }, uniforms, grid: linearGrid(y.size) });
  return y;
}

/** Resizes bytes (N, H, W, 3) to the sizes of the taps, as Pillow does: along rows, then along columns. */
export function resizeBytes(x: Tensor<'u32'>, vertical: ResizeTaps, horizontal: ResizeTaps, bits: number): Tensor<'u32'> {
  const [n = 0, height = 0, width = 0] = x.shape;
  return scope(() => {
    const [outHeight, outWidth] = [vertical.starts.length, horizontal.starts.length];
    const wideShape = [n, height, outWidth, 3];
    const wide = width === outWidth ? x : resizeAxis(x, wideShape, n * height, width, 3, horizontal, bits);
    if (height === outHeight) return wide === x ? x.view(x.shape) : wide;
    return resizeAxis(wide, [n, outHeight, outWidth, 3], n, height, outWidth * 3, vertical, bits);
  });
}

function resizeAxis(
  x: Tensor<'u32'>,
  shape: number[],
  outer: number,
  inSize: number,
  inner: number,
  { starts, weights, stride }: ResizeTaps,
  bits: number,
): Tensor<'u32'> {
  const outSize = starts.length;
  const y = Tensor.empty(x.gpu, shape, 'resized', 'u32');
  const tensors = {
    x,
    starts: Tensor.from(x.gpu, [outSize], starts, 'resize starts'),
    weights: Tensor.from(x.gpu, [outSize, stride], weights, 'resize weights'),
    y,
  };
  x.gpu.run(resizeKernel, {
    tensors,
    uniforms: { outer, inSize, outSize, inner, stride, bits },
    grid: linearGrid(y.size),
  });
  return y;
}

/** y = (x / 255 - mean) / std: bytes (N, H, W, 3) -> network input (N, 3, H, W). */
export function normalizeBytes(x: Tensor<'u32'>, { mean, std }: Normalization = IMAGENET): Tensor {
  const [batch, height, width] = x.shape;
  const y = Tensor.empty(x.gpu, [batch!, 3, height!, width!], 'images');
  x.gpu.run(normalizeKernel, {
    tensors: { x, y },
    uniforms: {
      batch: batch!,
      pixels: height! * width!,
      mean0: mean[0],
      mean1: mean[1],
      mean2: mean[2],
      std0: std[0],
      std1: std[1],
      std2: std[2],
    },
    grid: linearGrid(y.size),
  });
  return y;
}

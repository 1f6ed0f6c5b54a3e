import directKernel from '../../../shaders/conv/conv2d_direct.wgsl';
import stridedKernel from '../../../shaders/conv/conv2d_grad_input_strided.wgsl';
import gradWeightKernel from '../../../shaders/conv/conv2d_grad_weight.wgsl';
import packKernel from '../../../shaders/conv/conv2d_pack.wgsl';
import sumSlicesKernel from '../../../shaders/tensor/sum_slices.wgsl';
import { Tensor } from '../../tensor/tensor';
import { inBatches } from '../batches';
import { linearGrid, WORKGROUP } from '../grid';
import { sizesOf } from '../shape';
import { preparedOf, tensorOf, type Weights } from './weights';

const BLOCK = 8; // output channels per invocation of conv2d_direct
const RUN = 4; // neighbouring pixels per invocation
const WEIGHT_BLOCK = 4; // output channels per invocation of conv2d_grad_weight
const CHUNKS = 8; // of rows in the gradient of the weights: more keep a larger GPU busy, but each takes the memory of the weights

/** What follows a convolution: LeakyReLU; or, `masked`, its backward: y, the output of a LeakyReLU, is replaced by (y > 0 ? 1 : slope) * result. */
export interface Epilogue {
  readonly slope: number;
  readonly masked: boolean;
}

/** y = leaky(conv(x, w)), written to y (N, Co, ceil(H / stride), ceil(W / stride)). x: (N, Ci, H, W), weights: (Co, Ci, k, k). */
export function directForward(x: Tensor, weights: Weights, y: Tensor, stride: number, slope: number): void {
  const { packed } = preparedOf(weights);
  direct(x, tensorOf(weights), y, stride, false, { slope, masked: false }, packed);
}

/** Writes d(loss)/dx to dx (N, Ci, H, W). dy: (N, Co, ...), w: (Co, Ci, k, k). The epilogue is applied with stride 1 only. */
export function directGradInput(dy: Tensor, w: Tensor, dx: Tensor, stride: number, epilogue: Epilogue): void {
  if (stride === 1) direct(dy, w, dx, 1, true, epilogue);
  else strided(dy, w, dx, stride);
}

/** d(loss)/dw (Co, Ci, k, k): partial sums over chunks of rows, which are then added in order. */
export function directGradWeight(dy: Tensor, x: Tensor, k: number, stride: number): Tensor {
  const [batch, outputs, outHeight, outWidth] = sizesOf(dy);
  const [, inputs, inHeight, inWidth] = sizesOf(x);
  const rows = batch * outHeight;
  const rowsPerChunk = Math.ceil(rows / CHUNKS);
  const slices = Math.ceil(rows / rowsPerChunk);
  const partials = Tensor.empty(dy.gpu, [slices, outputs, inputs, k, k], 'conv2d partial dw');
  dy.gpu.run(gradWeightKernel, {
    tensors: { dy, x, partials },
    uniforms: { inputs, outputs, inHeight, inWidth, outHeight, outWidth, rows, rowsPerChunk },
    constants: { K: k, STRIDE: stride },
    grid: [Math.ceil((inputs * k) / WORKGROUP), Math.ceil(outputs / WEIGHT_BLOCK), slices],
  });
  const dw = Tensor.empty(dy.gpu, [outputs, inputs, k, k], 'conv2d dw');
  dy.gpu.run(sumSlicesKernel, {
    tensors: { x: partials, y: dw },
    uniforms: { slices, size: dw.size },
    grid: linearGrid(dw.size),
  });
  partials.free();
  return dw;
}

/**
 * The weights (Co, Ci, k, k) in the order in which conv2d_direct reads them: [quads, 4].
 *
 * @param transpose for the gradient of the input, which sums over the output channels
 */
export function packWeights(w: Tensor, transpose: boolean): Tensor {
  const [co, ci, k] = sizesOf(w);
  const [inputs, outputs] = transpose ? [co, ci] : [ci, co];
  const quads = inputs * k * k * Math.ceil(outputs / 4);
  const packed = Tensor.empty(w.gpu, [quads, 4], 'packed weights');
  w.gpu.run(packKernel, {
    tensors: { w, packed },
    uniforms: { inputs, outputs },
    constants: { K: k, TRANSPOSE: Number(transpose) },
    grid: linearGrid(quads),
  });
  return packed;
}

function direct(
  x: Tensor,
  w: Tensor,
  y: Tensor,
  stride: number,
  transpose: boolean,
  { slope, masked }: Epilogue,
  prepared?: Tensor,
): void {
  const [, inputs, inHeight, inWidth] = sizesOf(x);
  const [, outputs, outHeight, outWidth] = sizesOf(y);
  const packed = prepared ?? packWeights(w, transpose);
  inBatches([x, y], (x, y) =>
    x.gpu.run(directKernel, {
      tensors: { x, packed, y },
      uniforms: { inputs, outputs, inHeight, inWidth, outHeight, outWidth, slope },
      constants: { K: w.shape[2]!, STRIDE: stride, RUN, MASKED: Number(masked) },
      grid: [Math.ceil((outHeight * Math.ceil(outWidth / RUN)) / WORKGROUP), Math.ceil(outputs / BLOCK), x.shape[0]!],
    }),
  );
  if (packed !== prepared) packed.free();
}

function strided(dy: Tensor, w: Tensor, dx: Tensor, stride: number): void {
  const [, outputs, outHeight, outWidth] = sizesOf(dy);
  const [, inputs, inHeight, inWidth] = sizesOf(dx);
  inBatches([dy, dx], (dy, dx) =>
    dy.gpu.run(stridedKernel, {
      tensors: { dy, w, dx },
      uniforms: { inputs, outputs, inHeight, inWidth, outHeight, outWidth },
      constants: { K: w.shape[2]!, STRIDE: stride },
      grid: [Math.ceil((inHeight * inWidth) / WORKGROUP), Math.ceil(inputs / BLOCK), dy.shape[0]!],
    }),
  );
}

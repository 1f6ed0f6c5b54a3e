import directKernel from '../../../shaders/conv/conv2d_direct.wgsl';
import stridedKernel from '../../../shaders/conv/conv2d_grad_input_strided.wgsl';
import gradWeightKernel from '../../../shaders/conv/conv2d_grad_weight.wgsl';
import packKernel from '../../../shaders/conv/conv2d_pack.wgsl';
import sumSlicesKernel from '../../../shaders/tensor/sum_slices.wgsl';
import { Tensor } from '../../tensor/tensor';
import { linearGrid, WORKGROUP } from '../grid';

const BLOCK = 8; // output channels an invocation of conv2d_direct makes
const RUN = 4; // neighbouring pixels it makes them for
const WEIGHT_BLOCK = 4; // output channels an invocation of conv2d_grad_weight makes
const CHUNKS = 8; // of rows in the gradient to the weight: more fill a larger GPU, and take a copy of the weights each

/** Of an in-place masked gradient: `y` holds the LeakyReLU's output and is replaced by (y > 0 ? 1 : slope) * result. */
export interface Epilogue {
  readonly slope: number;
  readonly masked: boolean;
}

/** y (N, Co, ceil(H / stride), ...) = leaky(conv(x, w)) for w (Co, Ci, k, k); slope 1 leaves it as it is. */
export function directForward(x: Tensor, w: Tensor, y: Tensor, stride: number, slope: number): void {
  direct(x, w, y, stride, false, { slope, masked: false });
}

/** dx (N, Ci, H, W) from dy (N, Co, ...). The epilogue is for stride 1. */
export function directGradInput(dy: Tensor, w: Tensor, dx: Tensor, stride: number, epilogue: Epilogue): void {
  if (stride === 1) direct(dy, w, dx, 1, true, epilogue);
  else strided(dy, w, dx, stride);
}

/** dw (Co, Ci, k, k): partial sums over chunks of rows, then their sum in order. */
export function directGradWeight(dy: Tensor, x: Tensor, k: number, stride: number): Tensor {
  const [batch, outputs, outHeight, outWidth] = dy.shape;
  const [, inputs, inHeight, inWidth] = x.shape;
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

function direct(x: Tensor, w: Tensor, y: Tensor, stride: number, transpose: boolean, { slope, masked }: Epilogue): void {
  const [batch, inputs, inHeight, inWidth] = x.shape;
  const [, outputs, outHeight, outWidth] = y.shape;
  const k = w.shape[2];
  const quads = inputs * k * k * Math.ceil(outputs / 4);
  const packed = Tensor.empty(x.gpu, [quads, 4], 'packed weights');
  x.gpu.run(packKernel, {
    tensors: { w, packed },
    uniforms: { inputs, outputs },
    constants: { K: k, TRANSPOSE: Number(transpose) },
    grid: linearGrid(quads),
  });
  x.gpu.run(directKernel, {
    tensors: { x, packed, y },
    uniforms: { inputs, outputs, inHeight, inWidth, outHeight, outWidth, slope },
    constants: { K: k, STRIDE: stride, RUN, MASKED: Number(masked) },
    grid: [Math.ceil((outHeight * Math.ceil(outWidth / RUN)) / WORKGROUP), Math.ceil(outputs / BLOCK), batch],
  });
  packed.free();
}

function strided(dy: Tensor, w: Tensor, dx: Tensor, stride: number): void {
  const [batch, outputs, outHeight, outWidth] = dy.shape;
  const [, inputs, inHeight, inWidth] = dx.shape;
  dy.gpu.run(stridedKernel, {
    tensors: { dy, w, dx },
    uniforms: { inputs, outputs, inHeight, inWidth, outHeight, outWidth },
    constants: { K: w.shape[2], STRIDE: stride },
    grid: [Math.ceil((inHeight * inWidth) / WORKGROUP), Math.ceil(inputs / BLOCK), batch],
  });
}

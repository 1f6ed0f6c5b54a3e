import biasReluKernel from '../../shaders/network/bias_relu.wgsl';
import maxPoolKernel from '../../shaders/network/max_pool3.wgsl';
import { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';
import { expectShape, imageShape } from './shape';

// Layers of the ResNet encoder of the paper's stronger variant (pyramidflow/encoder.ts), which no model uses yet.

/** x <- max(0, x + bias + residual), in place: the end of a convolution layer with folded batch norm. x, residual: (N, C, H, W), bias: (C). */
export function biasRelu(x: Tensor, bias: Tensor, residual?: Tensor): void {
  const [, channels, height, width] = imageShape(x, 'biasRelu');
  expectShape(bias, [channels], 'bias');
  if (residual) expectShape(residual, x.shape, 'residual');
  x.gpu.run(biasReluKernel, {
    tensors: { x, bias, residual: residual ?? bias },
    uniforms: { size: x.size, channels, pixels: height * width },
    constants: { RESIDUAL: Number(residual !== undefined) },
    grid: linearGrid(x.size),
  });
}

/** The maximum of 3x3 windows, stride 2, padding 1: (N, C, H, W) -> (N, C, ceil(H / 2), ceil(W / 2)). */
export function maxPool3(x: Tensor): Tensor {
  const [n, c, inHeight, inWidth] = imageShape(x, 'maxPool3');
  const [outHeight, outWidth] = [Math.ceil(inHeight / 2), Math.ceil(inWidth / 2)];
  const y = Tensor.empty(x.gpu, [n, c, outHeight, outWidth], 'maxPool3');
  x.gpu.run(maxPoolKernel, {
    tensors: { x, y },
    uniforms: { planes: n * c, inHeight, inWidth, outHeight, outWidth },
    grid: linearGrid(y.size),
  });
  return y;
}

import softClampKernel from '../../shaders/flow/soft_clamp.wgsl';
import softClampGradientKernel from '../../shaders/flow/soft_clamp_gradient.wgsl';
import leakyKernel from '../../shaders/network/leaky_relu.wgsl';
import { PyramidFlowError } from '../core/errors';
import { Tensor } from '../tensor/tensor';
import { inBatches } from './batches';
import { copyChannels } from './channels';
import { zerosLike } from './elementwise';
import { linearGrid, planeGrid } from './grid';
import { apply, type Op } from './op';
import { imageShape } from './shape';

/** Slope of the LeakyReLU in the coupling network's hidden layer. */
export const LEAKY_SLOPE = 0.01;
/** alpha of the soft clamp (paper, equation 4): log scales lie between -2 and 2. */
export const CLAMP = 2;

/** y = x > 0 ? x : slope * x, of any shape. The slope must be above 0: the backward reads the sign of x from y. */
export const leakyReluOp: Op<'x', { slope: number }, 'y'> = {
  name: 'leakyRelu',
  saves: ['y'],
  forward({ x }, { slope }) {
    const y = Tensor.empty(x.gpu, x.shape, 'leakyRelu');
    leaky(x, y, slope, 0);
    return y;
  },
  backward: (dy, { y }, { slope }) => ({
    x() {
      const dx = y.copy('leakyRelu dx');
      leaky(dy, dx, slope, 1);
      return dx;
    },
  }),
};

/** y = x > 0 ? x : slope * x, of any shape; slope above 0, default 0.01. */
export const leakyRelu = (x: Tensor, slope = LEAKY_SLOPE): Tensor => apply(leakyReluOp, { x }, { slope });

function leaky(x: Tensor, y: Tensor, slope: number, gradient: 0 | 1): void {
  x.gpu.run(leakyKernel, {
    tensors: { x, y },
    uniforms: { size: x.size, slope },
    constants: { GRADIENT: gradient },
    grid: linearGrid(x.size),
  });
}

/**
 * y = alpha * 0.636 * atan(x / alpha) of the first `channels` channels of x, between -alpha and alpha: (N, >= channels, H, W) ->
 * (N, channels, H, W).
 */
export const softClampOp: Op<'x', { channels: number; alpha: number }, 'x'> = {
  name: 'softClamp',
  saves: ['x'],
  forward: ({ x }, { channels, alpha }) => softClampHead(x, channels, alpha),
  backward: (dy, { x }, { channels, alpha }) => ({
    x() {
      const dx = zerosLike(x, 'softClamp dx');
      copyChannels(x, 0, dx, 0, channels);
      softClampHeadGradient(dx, dy, alpha);
      return dx;
    },
  }),
};

/**
 * y = alpha * 0.636 * atan(x / alpha) of the first `channels` channels of x, between -alpha and alpha: (N, >= channels, H, W) ->
 * (N, channels, H, W).
 *
 * @param options channels: default all; alpha: default 2
 */
export const softClamp = (x: Tensor, { channels = x.shape[1], alpha = CLAMP } = {}): Tensor =>
  apply(softClampOp, { x }, { channels, alpha });

/** The forward of `softClampOp`. */
export function softClampHead(x: Tensor, channels: number, alpha: number): Tensor {
  const [batch, xChannels, height, width] = imageShape(x, 'softClamp');
  if (!(channels >= 1 && channels <= xChannels)) {
    const problem = `softClamp: x = ${x.label} [${x.shape.join(', ')}] has no ${channels} channels`;
    throw new PyramidFlowError('ShapeError', problem, `clamp 1 to ${xChannels} of them`);
  }
  const pixels = height * width;
  const y = Tensor.empty(x.gpu, [batch, channels, height, width], 'softClamp');
  inBatches([x, y], (x, y) =>
    x.gpu.run(softClampKernel, {
      tensors: { x, y },
      uniforms: { channels, xChannels, pixels, alpha },
      grid: planeGrid(pixels, channels, x.shape[0]),
    }),
  );
  return y;
}

/** Replaces the first channels of x by their gradient, in place. dy: (N, channels, H, W), the gradient of their soft clamp. */
export function softClampHeadGradient(x: Tensor, dy: Tensor, alpha: number): void {
  const [, channels, height, width] = imageShape(dy, 'softClamp');
  const pixels = height * width;
  inBatches([x, dy], (x, dy) =>
    x.gpu.run(softClampGradientKernel, {
      tensors: { x, dy },
      uniforms: { channels, xChannels: x.shape[1]!, pixels, alpha },
      grid: planeGrid(pixels, channels, dy.shape[0]),
    }),
  );
}

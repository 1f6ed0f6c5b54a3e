import addBiasKernel from '../../shaders/network/add_bias.wgsl';
import { elements, Tensor } from '../tensor/tensor';
import { summedTo } from './broadcast';
import { linearGrid } from './grid';
import { apply, type Op } from './op';
import { misfit } from './shape';

/** `addBias` as an operation. */
export const addBiasOp: Op<'x' | 'bias', void> = {
  name: 'addBias',
  saves: [],
  forward({ x, bias }) {
    const [, channels] = x.shape;
    if (bias.shape.length !== 1 || bias.shape[0] !== channels) {
      throw misfit('addBias', { x, bias }, 'pass one bias a channel: x (N, C, ...) and bias (C)');
    }
    const y = Tensor.empty(x.gpu, x.shape, 'addBias');
    x.gpu.run(addBiasKernel, {
      tensors: { x, bias, y },
      uniforms: { size: x.size, channels: channels!, pixels: elements(x.shape.slice(2)) },
      grid: linearGrid(x.size),
    });
    return y;
  },
  backward: (dy) => ({
    x: () => dy.copy(),
    bias() {
      const [, channels, ...space] = dy.shape;
      const sums = summedTo(dy, [1, channels!, ...space.map(() => 1)]);
      const dBias = sums.view([channels!]);
      sums.free();
      return dBias;
    },
  }),
};

/**
 * y[n, c, ...] = x[n, c, ...] + bias[c].
 *
 * @param x (N, C, ...)
 * @param bias (C)
 * @throws PyramidFlowError ShapeError for another number of channels
 */
export const addBias = (x: Tensor, bias: Tensor): Tensor => apply(addBiasOp, { x, bias }, undefined);

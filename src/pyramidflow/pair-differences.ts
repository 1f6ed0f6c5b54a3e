import pairKernel from '../../shaders/loss/pair_differences.wgsl';
import pairGradientKernel from '../../shaders/loss/pair_differences_gradient.wgsl';
import templateKernel from '../../shaders/loss/template_difference.wgsl';
import { PyramidFlowError } from '../core/errors';
import { linearGrid } from '../ops/grid';
import type { Op } from '../ops/op';
import { expectShape, imageShape } from '../ops/shape';
import { Tensor } from '../tensor/tensor';

/** y = mean over C of |x_i - x_j|^power, for every pair i < j of a batch: (N, C, H, W) -> (N (N - 1) / 2, 1, H, W). */
export const pairDifferences: Op<'x', { power: 1 | 2 }, 'x'> = {
  name: 'pairDifferences',
  saves: ['x'],
  forward({ x }, { power }) {
    const [batch, channels, height, width] = imageShape(x, 'pairDifferences');
    if (batch < 2) {
      const problem = 'a batch of one image has no pairs to compare';
      throw new PyramidFlowError('ShapeError', problem, 'use a batch of at least 2');
    }
    const y = Tensor.empty(x.gpu, [(batch * (batch - 1)) / 2, 1, height, width], 'pair differences');
    x.gpu.run(pairKernel, {
      tensors: { x, y },
      uniforms: { batch, channels, pixels: height * width },
      constants: { POWER: power },
      grid: linearGrid(y.size),
    });
    return y;
  },
  backward: (dy, { x }, { power }) => ({
    x() {
      const [batch, channels, height, width] = imageShape(x, 'pairDifferences');
      const dx = Tensor.empty(x.gpu, x.shape, 'pair differences dx');
      x.gpu.run(pairGradientKernel, {
        tensors: { x, dy, dx },
        uniforms: { batch, channels, pixels: height * width },
        constants: { POWER: power },
        grid: linearGrid(dx.size),
      });
      return dx;
    },
  }),
};

/** y = mean over C of |x - template|: (N, C, H, W) and (1, C, H, W) -> (N, 1, H, W). */
export function templateDifference(x: Tensor, template: Tensor): Tensor {
  const [batch, channels, height, width] = imageShape(x, 'pairDifferences');
  expectShape(template, [1, channels, height, width], 'template difference');
  const y = Tensor.empty(x.gpu, [batch, 1, height, width], 'template difference');
  x.gpu.run(templateKernel, {
    tensors: { x, t: template, y },
    uniforms: { batch, channels, pixels: height * width },
    grid: linearGrid(y.size),
  });
  return y;
}

import blurKernel from '../../shaders/pyramid/blur.wgsl';
import { Tensor } from '../tensor/tensor';
import { WORKGROUP } from './grid';
import type { Op } from './op';
import { imageShape } from './shape';

/** y = 5x5 binomial blur, zero padding, each channel alone. x, y: (N, C, H, W). */
export const blur: Op<'x', void> = {
  name: 'blur',
  saves: [],
  forward: ({ x }) => blurred(x),
  backward: (dy) => ({ x: () => blurred(dy) }), // symmetric, so it is its own transpose
};

function blurred(x: Tensor): Tensor {
  const [n, c, height, width] = imageShape(x);
  const y = Tensor.empty(x.gpu, x.shape, 'blur');
  x.gpu.run(blurKernel, {
    tensors: { x, y },
    uniforms: { height, width },
    grid: [Math.ceil(width / WORKGROUP), height, n * c],
  });
  return y;
}

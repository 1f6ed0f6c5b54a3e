import blurKernel from '../../shaders/pyramid/blur.wgsl';
import { Tensor } from '../tensor/tensor';
import { inBatches } from './batches';
import { WORKGROUP } from './grid';
import { apply, type Op } from './op';
import { imageShape } from './shape';

/** y = x convolved with the 5x5 binomial filter [1 4 6 4 1]^T [1 4 6 4 1] / 256, zero padding, every channel by itself: (N, C, H, W). */
export const blurOp: Op<'x', void> = {
  name: 'blur',
  saves: [],
  forward: ({ x }) => blurred(x),
  backward: (dy) => ({ x: () => blurred(dy) }), // the filter is symmetric, so the blur is its own transpose
};

/** `blurOp`, recorded. */
export const blur = (x: Tensor): Tensor => apply(blurOp, { x }, undefined);

function blurred(x: Tensor): Tensor {
  const [n, c, height, width] = imageShape(x, 'blur');
  const y = Tensor.empty(x.gpu, x.shape, 'blur');
  const planes = [x, y].map((images) => images.view([n * c, height, width]));
  inBatches(planes, (x, y) =>
    x.gpu.run(blurKernel, {
      tensors: { x, y },
      uniforms: { height, width },
      grid: [Math.ceil(width / WORKGROUP), height, x.shape[0]!],
    }),
  );
  for (const view of planes) view.free();
  return y;
}

import blurKernel from '../../shaders/pyramid/blur.wgsl';
import { Tensor } from '../tensor/tensor';
import { inBatches } from './batches';
import { WORKGROUP } from './grid';
import { apply, type Op } from './op';
import { imageShape } from './shape';

/** `blur` as an operation. */
export const blurOp: Op<'x', void> = {
  name: 'blur',
  saves: [],
  forward: ({ x }) => blurred(x),
  backward: (dy) => ({ x: () => blurred(dy) }), // the filter is symmetric, so the blur is its own transpose
};

/**
 * x convolved with the 5x5 binomial filter [1 4 6 4 1]^T [1 4 6 4 1] / 256, zero padding, every channel by itself.
 *
 * @param x (N, C, H, W)
 * @returns of the shape of x
 * @throws PyramidFlowError ShapeError for another number of axes
 * @example
 * const smooth = blur(images);
 */
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

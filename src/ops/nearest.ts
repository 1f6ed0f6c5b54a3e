import nearestKernel from '../../shaders/pyramid/nearest.wgsl';
import nearestGradientKernel from '../../shaders/pyramid/nearest_gradient.wgsl';
import { PyramidFlowError } from '../core/errors';
import { Tensor } from '../tensor/tensor';
import { zerosLike } from './elementwise';
import { rowGrid } from './grid';
import { apply, type Op } from './op';
import { imageShape } from './shape';

/** `nearest` as an operation. */
export const nearestOp: Op<'x', { height: number; width: number }, 'x'> = {
  name: 'nearest',
  saves: ['x'], // for its shape
  forward: ({ x }, { height, width }) => resizeNearest(x, height, width),
  backward: (dy, { x }) => ({
    x() {
      const dx = zerosLike(x, 'nearest dx');
      resizeGradient(dy, 0, dx);
      return dx;
    },
  }),
};

/**
 * Nearest-neighbour resize by whole factors, up or down, as PyTorch's `interpolate(mode='nearest')`.
 *
 * @param x (N, C, h, w)
 * @returns (N, C, height, width)
 * @throws PyramidFlowError ShapeError if a side is neither a whole multiple nor a whole fraction of the other
 * @example
 * const twice = nearest(x, 2 * x.shape[2], 2 * x.shape[3]);
 */
export const nearest = (x: Tensor, height: number, width: number): Tensor => apply(nearestOp, { x }, { height, width });

/** The forward of `nearest`. */
export function resizeNearest(x: Tensor, height: number, width: number): Tensor {
  const [n, channels] = imageShape(x, 'nearest');
  const y = Tensor.empty(x.gpu, [n, channels, height, width], 'nearest');
  resizeInto(x, y, 0);
  return y;
}

/** Writes x (N, C, h, w), resized, to the channels of y (N, C', H, W) that start at `channel`. */
export function resizeInto(x: Tensor, y: Tensor, channel: number): void {
  const call = resizeCall(x, y, channel);
  x.gpu.run(nearestKernel, { tensors: { x, y }, ...call, grid: rowGrid(y, x.shape[1]!) });
}

/** Adds the gradient of `resizeInto` to dx (N, C, h, w), from the channels of dy (N, C', H, W) that start at `channel`. */
export function resizeGradient(dy: Tensor, channel: number, dx: Tensor): void {
  const call = resizeCall(dx, dy, channel);
  dx.gpu.run(nearestGradientKernel, { tensors: { dy, dx }, ...call, grid: rowGrid(dx, dx.shape[1]!) });
}

/** Uniforms and constants of both kernels. Throws ShapeError if x does not fit into the channels of y that start at `channel`. */
function resizeCall(x: Tensor, y: Tensor, channel: number) {
  const [batch, channels, xHeight, xWidth] = imageShape(x, 'nearest');
  const [yBatch, yChannels, yHeight, yWidth] = imageShape(y, 'nearest');
  if (batch !== yBatch || channel + channels > yChannels) {
    throw new PyramidFlowError(
      'ShapeError',
      `nearest: ${x.label} [${x.shape}] does not fit into channels ${channel} to ${channel + channels - 1} of ${y.label} [${y.shape}]`,
      'use one batch size, and enough channels in the target',
    );
  }
  const [rowEnlarge, rowShrink] = factors(x, xHeight, yHeight);
  const [columnEnlarge, columnShrink] = factors(x, xWidth, yWidth);
  return {
    uniforms: { batch, channels, xHeight, xWidth, yHeight, yWidth, channel, yChannels },
    constants: {
      ROW_ENLARGE: rowEnlarge,
      ROW_SHRINK: rowShrink,
      COLUMN_ENLARGE: columnEnlarge,
      COLUMN_SHRINK: columnShrink,
    },
  };
}

/** The factors by which an axis grows and shrinks; one of them is 1. */
function factors(x: Tensor, before: number, after: number): [enlarge: number, shrink: number] {
  if (after % before === 0) return [after / before, 1];
  if (before % after === 0) return [1, before / after];
  throw new PyramidFlowError(
    'ShapeError',
    `nearest: ${x.label} [${x.shape}] cannot be resized from ${before} to ${after} pixels`,
    'use a whole multiple or a whole fraction of the size',
  );
}

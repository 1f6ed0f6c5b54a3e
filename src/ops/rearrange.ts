import { PyramidFlowError } from '../core/errors';
import { scope } from '../tensor/scope';
import { elements, type Shape, type Tensor } from '../tensor/tensor';
import { apply, type Op } from './op';
import { imageShape } from './shape';
import { gatherStrided, stridesOf } from './strided';

/** `reshape` as an operation. */
export const reshapeOp: Op<'x', { from: Shape; shape: Shape }> = {
  name: 'reshape',
  saves: [],
  forward({ x }, { shape }) {
    if (elements(shape) === x.size) return x.view(shape);
    const problem = `reshape: x = ${x.label} [${x.shape.join(', ')}] has ${x.size} elements, [${shape.join(', ')}] ${elements(shape)}`;
    throw new PyramidFlowError('ShapeError', problem, 'keep the number of elements');
  },
  backward: (dy, _, { from }) => ({ x: () => dy.view(from) }),
};

/**
 * The elements of x, in order, in another shape: a view of the same memory.
 *
 * @throws PyramidFlowError ShapeError for another number of elements
 */
export const reshape = (x: Tensor, shape: Shape): Tensor => apply(reshapeOp, { x }, { from: x.shape, shape });

/** `permute` as an operation. */
export const permuteOp: Op<'x', { axes: readonly number[] }> = {
  name: 'permute',
  saves: [],
  forward: ({ x }, { axes }) => permuted(x, axes),
  backward: (dy, _, { axes }) => ({
    x: () =>
      permuted(
        dy,
        axes.map((_, axis) => axes.indexOf(axis)),
      ),
  }),
};

/**
 * x with its axes in another order.
 *
 * @param axes the axis of x that each axis of the result is; up to 6
 * @throws PyramidFlowError ShapeError unless every axis of x is named once
 * @example
 * const rows = permute(x, [0, 2, 3, 1]); // (N, C, H, W) -> (N, H, W, C)
 */
export const permute = (x: Tensor, axes: readonly number[]): Tensor => apply(permuteOp, { x }, { axes });

function permuted(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.length !== x.shape.length || x.shape.some((_, axis) => !axes.includes(axis))) {
    const problem = `permute: [${axes.join(', ')}] is no order of the axes of x = ${x.label} [${x.shape.join(', ')}]`;
    throw new PyramidFlowError('ShapeError', problem, `name each of 0 to ${x.shape.length - 1} once`);
  }
  const strides = stridesOf(x.shape);
  return gatherStrided(
    x,
    axes.map((axis) => x.shape[axis]!),
    axes.map((axis) => strides[axis]!),
    'permute',
  );
}

/**
 * Trades space for channels, as Glow and RealNVP do: (N, C, H, W) -> (N, C f^2, H / f, W / f). Pixel (i, j) of every f x f block of
 * channel c becomes channel c f^2 + i f + j.
 *
 * @param factor f, default 2
 * @throws PyramidFlowError ShapeError if f divides a side not
 * @example
 * const y = squeeze(x); // (N, 3, 8, 8) -> (N, 12, 4, 4); unsqueeze(y) is x
 */
export function squeeze(x: Tensor, factor = 2): Tensor {
  const [n, c, height, width] = imageShape(x, 'squeeze');
  if (!(factor >= 1) || height % factor !== 0 || width % factor !== 0) {
    const problem = `squeeze: ${factor} does not divide the sides of x = ${x.label} [${x.shape.join(', ')}]`;
    throw new PyramidFlowError('ShapeError', problem, `make them multiples of ${factor}`);
  }
  const [rows, columns] = [height / factor, width / factor];
  return scope(() => {
    const blocks = permute(reshape(x, [n * c, rows, factor, columns, factor]), [0, 2, 4, 1, 3]);
    return reshape(blocks, [n, c * factor ** 2, rows, columns]);
  });
}

/**
 * The inverse of `squeeze`: (N, C f^2, H, W) -> (N, C, f H, f W).
 *
 * @param factor f, default 2
 * @throws PyramidFlowError ShapeError if f^2 does not divide the channels
 */
export function unsqueeze(x: Tensor, factor = 2): Tensor {
  const [n, channels, height, width] = imageShape(x, 'unsqueeze');
  const c = channels / factor ** 2;
  if (!(factor >= 1) || !Number.isInteger(c)) {
    const problem = `unsqueeze: ${factor}^2 does not divide the channels of x = ${x.label} [${x.shape.join(', ')}]`;
    throw new PyramidFlowError('ShapeError', problem, `make them a multiple of ${factor ** 2}`);
  }
  return scope(() => {
    const blocks = permute(reshape(x, [n * c, factor, factor, height, width]), [0, 3, 1, 4, 2]);
    return reshape(blocks, [n, c, height * factor, width * factor]);
  });
}

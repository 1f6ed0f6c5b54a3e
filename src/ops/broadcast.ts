import { PyramidFlowError } from '../core/errors';
import type { Shape, Tensor } from '../tensor/tensor';
import { apply, type Op } from './op';
import { misfit } from './shape';
import { checkAxes, gatherStrided, stridesOf } from './strided';
import { sumAxes } from './sum-axes';

interface Change {
  /** the shape of x, and of y */
  readonly from: Shape;
  readonly to: Shape;
}

/** `broadcast` as an operation. */
export const broadcastOp: Op<'x', Change> = {
  name: 'broadcast',
  saves: [],
  forward: ({ x }, { to }) => repeated(x, to),
  backward: (dy, _, { from }) => ({ x: () => summedTo(dy, from) }),
};

/**
 * Repeats x along new axes in front, and along axes of size 1, by numpy's rules.
 *
 * @param shape up to 6 axes
 * @throws PyramidFlowError ShapeError if x does not broadcast to the shape
 * @example
 * const y = broadcast(bias, [8, 3, 16, 16]); // bias: [3, 1, 1]
 */
export const broadcast = (x: Tensor, shape: Shape): Tensor => apply(broadcastOp, { x }, { from: x.shape, to: shape });

/** `sumTo` as an operation. */
export const sumToOp: Op<'x', Change> = {
  name: 'sumTo',
  saves: [],
  forward: ({ x }, { to }) => summedTo(x, to),
  backward: (dy, _, { from }) => ({ x: () => repeated(dy, from) }),
};

/**
 * The sum over all axes along which `broadcast` from `shape` to the shape of x repeats, in a fixed order.
 *
 * @throws PyramidFlowError ShapeError if a tensor of this shape does not broadcast to that of x
 * @example
 * const perChannel = sumTo(x, [1, x.shape[1], 1, 1]); // x: (N, C, H, W)
 */
export const sumTo = (x: Tensor, shape: Shape): Tensor => apply(sumToOp, { x }, { from: x.shape, to: shape });

/** The forward of `broadcast`. */
export function repeated(x: Tensor, shape: Shape): Tensor {
  const padded = padTo('broadcast', x, x.shape, shape);
  const strides = stridesOf(padded).map((stride, axis) => (padded[axis] === 1 ? 0 : stride));
  return gatherStrided(x, shape, strides, 'broadcast');
}

/** The forward of `sumTo`. */
export function summedTo(x: Tensor, shape: Shape): Tensor {
  checkAxes('sumTo', x.shape);
  const padded = padTo('sumTo', x, shape, x.shape);
  const flat = sumAxes(
    x,
    x.shape.map((size, axis) => ({ size, summed: padded[axis] === 1 && size > 1 })),
  );
  const y = flat.view(shape, 0, 'sumTo');
  flat.free();
  return y;
}

/** `small` with axes of size 1 in front, as many as `large` has. Throws ShapeError unless it broadcasts to `large`. */
function padTo(operation: string, x: Tensor, small: Shape, large: Shape): number[] {
  const padded = [...Array<number>(Math.max(0, large.length - small.length)).fill(1), ...small];
  if (padded.length === large.length && padded.every((size, i) => size === 1 || size === large[i])) return padded;
  const wanted = x.shape === small ? large : small;
  const problem = `${operation}: x = ${x.label} [${x.shape.join(', ')}] cannot become [${wanted.join(', ')}]`;
  throw new PyramidFlowError('ShapeError', problem, 'let every axis, from the last on, agree or be 1 in the smaller shape');
}

/**
 * The shape to which all these broadcast.
 *
 * @throws PyramidFlowError ShapeError that names the operation and two tensors that do not agree
 */
export function broadcastShape(operation: string, inputs: Readonly<Record<string, Tensor>>): Shape {
  let shape: Shape = [];
  const before: [string, Tensor][] = [];
  for (const [name, input] of Object.entries(inputs)) {
    for (const [other, tensor] of before) {
      if (agree(tensor.shape, input.shape)) continue;
      const remedy = 'let every axis, from the last on, agree or be 1';
      throw misfit(operation, { [other]: tensor, [name]: input }, remedy);
    }
    before.push([name, input]);
    const axes = Math.max(shape.length, input.shape.length);
    shape = Array.from({ length: axes }, (_, i) => Math.max(shape.at(i - axes) ?? 1, input.shape.at(i - axes) ?? 1));
  }
  return shape;
}

function agree(a: Shape, b: Shape): boolean {
  const shorter = Math.min(a.length, b.length);
  for (let i = 1; i <= shorter; i++) if (a.at(-i) !== b.at(-i) && a.at(-i) !== 1 && b.at(-i) !== 1) return false;
  return true;
}

import copyWindowKernel from '../../shaders/tensor/copy_window.wgsl';
import gatherChannelsKernel from '../../shaders/tensor/gather_channels.wgsl';
import { PyramidFlowError } from '../core/errors';
import { elements, type Shape, Tensor } from '../tensor/tensor';
import { fill } from './elementwise';
import { linearGrid } from './grid';
import { apply, type Op } from './op';
import { misfit } from './shape';
import { table } from './table';

/** Copies `count` channels of x, starting at `from`, to y, starting at `to`. x: (N, C, ...), y: (N, C', ...). */
export const copyChannels = (x: Tensor, from: number, y: Tensor, to: number, count: number): void =>
  copyAlong(1, x, from, y, to, count);

/** The same along any axis: all others of x and y agree. */
function copyAlong(axis: number, x: Tensor, from: number, y: Tensor, to: number, count: number): void {
  const items = elements(x.shape.slice(0, axis));
  const plane = elements(x.shape.slice(axis + 1));
  x.gpu.run(copyWindowKernel, {
    tensors: { x, y },
    uniforms: {
      items,
      size: count * plane,
      fromStart: from * plane,
      fromStride: x.size / items,
      toStart: to * plane,
      toStride: y.size / items,
    },
    grid: linearGrid(items * count * plane),
  });
}

const withSize = (shape: Shape, axis: number, size: number): number[] => shape.map((old, i) => (i === axis ? size : old));

/** `concat` as an operation. The inputs are named '0', '1' and so on. */
export const concatOp: Op<string, { axis: number; sizes: readonly number[] }> = {
  name: 'concat',
  saves: [],
  forward(inputs, { axis, sizes }) {
    const tensors = Object.values(inputs);
    const size = sizes.reduce((sum, own) => sum + own, 0);
    const y = Tensor.empty(tensors[0]!.gpu, withSize(tensors[0]!.shape, axis, size), 'concat');
    tensors.forEach((x, i) => copyAlong(axis, x, 0, y, startOf(sizes, i), sizes[i]!));
    return y;
  },
  backward: (dy, _, { axis, sizes }) =>
    Object.fromEntries(sizes.map((size, i) => [i, () => sliceOf(dy, axis, startOf(sizes, i), size)])),
};

/**
 * Tensors one after the other along an axis: (N, C1, ...), (N, C2, ...) -> (N, C1 + C2, ...).
 *
 * @param axis default 1
 * @throws PyramidFlowError ShapeError if they differ in another axis, or have no such axis; UsageError for no tensor
 * @example
 * const both = concat([a, b]); // (N, 3, H, W), (N, 5, H, W) -> (N, 8, H, W)
 */
export function concat(tensors: readonly Tensor[], axis = 1): Tensor {
  const [first, ...others] = tensors;
  if (!first) throw new PyramidFlowError('UsageError', 'concat: there is no tensor', 'pass one or more');
  if (!(axis in first.shape)) {
    const problem = `concat: ${first.label} [${first.shape.join(', ')}] has no axis ${axis}`;
    throw new PyramidFlowError('ShapeError', problem, `use an axis from 0 to ${first.shape.length - 1}`);
  }
  for (const [i, x] of others.entries()) {
    if (x.shape.length === first.shape.length && x.shape.every((size, k) => k === axis || size === first.shape[k])) continue;
    throw misfit('concat', { 0: first, [i + 1]: x }, `let all axes but ${axis} agree`);
  }
  const inputs = Object.fromEntries(tensors.entries());
  return apply(concatOp, inputs, { axis, sizes: tensors.map(({ shape }) => shape[axis]!) });
}

const startOf = (sizes: readonly number[], i: number): number => sizes.slice(0, i).reduce((sum, size) => sum + size, 0);

function sliceOf(x: Tensor, axis: number, from: number, count: number): Tensor {
  const y = Tensor.empty(x.gpu, withSize(x.shape, axis, count), 'slice');
  copyAlong(axis, x, from, y, 0, count);
  return y;
}

/** `channels` as an operation. */
export const channelsOp: Op<'x', { from: number; to: number; of: number }> = {
  name: 'channels',
  saves: [],
  forward: ({ x }, { from, to }) => sliceOf(x, 1, from, to - from),
  backward: (dy, _, { from, to, of }) => ({
    x() {
      const dx = Tensor.empty(dy.gpu, withSize(dy.shape, 1, of), 'channels dx');
      fill(dx, 0);
      copyChannels(dy, 0, dx, from, to - from);
      return dx;
    },
  }),
};

/**
 * Channels `from` to `to` - 1: (N, C, ...) -> (N, to - from, ...).
 *
 * @throws PyramidFlowError ShapeError for channels that x does not have
 * @example
 * const first = channels(x, 0, 3); // (N, 8, H, W) -> (N, 3, H, W)
 */
export function channels(x: Tensor, from: number, to: number): Tensor {
  const of = channelsOf('channels', x);
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= of)) {
    const problem = `channels: x = ${x.label} [${x.shape.join(', ')}] has no channels from ${from} to ${to - 1}`;
    throw new PyramidFlowError('ShapeError', problem, `use 0 <= from < to <= ${of}`);
  }
  return apply(channelsOp, { x }, { from, to, of });
}

/** `gatherChannels` as an operation. */
export const gatherChannelsOp: Op<'x', { order: readonly number[] }> = {
  name: 'gatherChannels',
  saves: [],
  forward: ({ x }, { order }) => gathered(x, order),
  backward: (dy, _, { order }) => ({ x: () => gathered(dy, inverseOrder(order)) }),
};

/**
 * Channels in another order: channel c of the result is channel order[c] of x, (N, C, ...). `inverseOrder` undoes it.
 *
 * @throws PyramidFlowError ShapeError unless the order names every channel once
 * @example
 * const bgr = gatherChannels(rgb, [2, 1, 0]);
 */
export function gatherChannels(x: Tensor, order: readonly number[]): Tensor {
  const count = channelsOf('gatherChannels', x);
  if (order.length !== count || new Set(order).size !== count || !order.every((c) => c in order)) {
    const problem = `gatherChannels: [${order.join(', ')}] is no order of the channels of x = ${x.label} [${x.shape.join(', ')}]`;
    throw new PyramidFlowError('ShapeError', problem, `name each of 0 to ${count - 1} once`);
  }
  return apply(gatherChannelsOp, { x }, { order });
}

/** The order that undoes an order of channels. */
export function inverseOrder(order: readonly number[]): number[] {
  const inverse: number[] = [];
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return inverse;
}

function gathered(x: Tensor, order: readonly number[]): Tensor {
  const places = table(x.gpu, `order ${order}`, () => Tensor.from(x.gpu, [order.length], Uint32Array.from(order), 'order'));
  const y = Tensor.empty(x.gpu, x.shape, 'gatherChannels');
  x.gpu.run(gatherChannelsKernel, {
    tensors: { x, order: places, y },
    uniforms: { size: x.size, channels: order.length, pixels: elements(x.shape.slice(2)) },
    grid: linearGrid(x.size),
  });
  return y;
}

function channelsOf(operation: string, x: Tensor): number {
  if (x.shape.length >= 2) return x.shape[1]!;
  const problem = `${operation}: x = ${x.label} [${x.shape.join(', ')}] has no channels`;
  throw new PyramidFlowError('ShapeError', problem, 'pass (N, C, ...)');
}

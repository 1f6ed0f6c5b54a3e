import sumAxesKernel from '../../shaders/tensor/sum_axes.wgsl';
import { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';

const PART = 64; // about as many values an invocation adds, if there are enough
const INVOCATIONS = 2 ** 16; // from so many on, sums are not cut into more parts

interface Axis {
  readonly size: number;
  readonly summed: boolean;
}

/**
 * The sum over some axes of x, flat, in a fixed order.
 *
 * @param axes of x, in order; after neighbours of one kind are joined, at most three of each kind
 */
export function sumAxes(x: Tensor, axes: readonly Axis[]): Tensor {
  const joined = join(axes);
  const kept = joined.filter(({ summed }) => !summed);
  const summed = joined.filter((axis) => axis.summed);
  const count = (list: readonly Axis[]) => list.reduce((product, { size }) => product * size, 1);
  const [results, sums] = [count(kept), count(summed)];
  const parts = Math.min(Math.ceil(sums / PART), Math.max(1, Math.floor(INVOCATIONS / results)));
  const partsFirst = joined.at(-1)?.summed === false;
  const y = Tensor.empty(x.gpu, [results * parts], 'sum');
  const [keptSizes, keptStrides] = three(kept);
  const [summedSizes, summedStrides] = three(summed);
  x.gpu.run(sumAxesKernel, {
    tensors: { x, y },
    uniforms: {
      ...{ results, parts, sums },
      ...{ keptSize1: keptSizes[1], keptSize2: keptSizes[2] },
      ...{ kept0: keptStrides[0], kept1: keptStrides[1], kept2: keptStrides[2] },
      ...{ summedSize1: summedSizes[1], summedSize2: summedSizes[2] },
      ...{ summed0: summedStrides[0], summed1: summedStrides[1], summed2: summedStrides[2] },
    },
    constants: { PARTS_FIRST: Number(partsFirst) },
    grid: linearGrid(y.size),
  });
  if (parts === 1) return y;
  const rest = [
    { size: parts, summed: true },
    { size: results, summed: false },
  ];
  const total = sumAxes(y, partsFirst ? rest : rest.reverse());
  y.free();
  return total;
}

/** Axes without those of size 1, neighbours of one kind as one, with their strides. */
function join(axes: readonly Axis[]): (Axis & { stride: number })[] {
  const joined: (Axis & { stride: number })[] = [];
  let stride = 1;
  for (const { size, summed } of axes.toReversed()) {
    const [inner] = joined;
    if (inner?.summed === summed) joined[0] = { ...inner, size: inner.size * size };
    else if (size > 1) joined.unshift({ size, summed, stride });
    stride *= size;
  }
  return joined;
}

type Triple = [number, number, number];

/** Sizes and strides of up to three axes, as of three. */
function three(axes: readonly { size: number; stride: number }[]): [sizes: Triple, strides: Triple] {
  const filled = [...Array(3 - axes.length).fill({ size: 1, stride: 0 }), ...axes];
  return [filled.map(({ size }) => size) as Triple, filled.map(({ stride }) => stride) as Triple];
}

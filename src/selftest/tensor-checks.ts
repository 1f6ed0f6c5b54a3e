import { addBias } from '../ops/bias';
import { broadcast, sumTo } from '../ops/broadcast';
import { gatherChannels } from '../ops/channels';
import { matmul } from '../ops/matmul';
import { permute } from '../ops/rearrange';
import type { Check } from './check';
import { product } from './reference';

/** Checks of what changes the shape of tensors, and of matrices. */
export const TENSOR_CHECKS: readonly Check[] = [
  {
    name: 'axes repeated, exchanged and summed',
    kernels: ['gather_strided', 'sum_axes'],
    tolerance: 1e-6,
    run(lab) {
      const [x, row] = [lab.sample([67, 3, 5]), lab.sample([1, 5])];
      const rows = new Float64Array(15);
      x.values.forEach((value, i) => {
        rows[i % 15]! += value;
      });
      return [
        {
          what: 'the repeated row',
          actual: broadcast(row.tensor, [3, 5]),
          expected: Float64Array.from({ length: 15 }, (_, i) => row.values[i % 5]!),
        },
        {
          what: 'the exchanged axes',
          actual: permute(x.tensor, [2, 0, 1]),
          expected: x.values.map((_, i) => x.values[Math.floor((i % 201) / 3) * 15 + (i % 3) * 5 + Math.floor(i / 201)]!),
        },
        { what: 'the sum over the first axis', actual: sumTo(x.tensor, [3, 5]), expected: rows },
      ];
    },
  },
  {
    name: 'channels in another order, and a bias',
    kernels: ['gather_channels', 'add_bias'],
    tolerance: 1e-6,
    run(lab) {
      const [x, bias, order] = [lab.sample([2, 3, 7]), lab.sample([3]), [2, 0, 1]];
      return [
        {
          what: 'the channels',
          actual: gatherChannels(x.tensor, order),
          expected: x.values.map((_, i) => x.values[i + 7 * (order[Math.floor(i / 7) % 3]! - (Math.floor(i / 7) % 3))]!),
        },
        {
          what: 'the bias',
          actual: addBias(x.tensor, bias.tensor),
          expected: x.values.map((value, i) => value + bias.values[Math.floor(i / 7) % 3]!),
        },
      ];
    },
  },
  {
    name: 'matrix product',
    kernels: ['matmul', 'sum_slices'],
    tolerance: 1e-5,
    run(lab) {
      const [a, b, long] = [lab.sample([35, 17]), lab.sample([17, 34]), lab.sample([2, 1100])];
      const turned = Float64Array.from({ length: 2200 }, (_, i) => long.values[(i % 2) * 1100 + Math.floor(i / 2)]!);
      return [
        { what: 'the product', actual: matmul(a.tensor, b.tensor), expected: product(a.values, b.values, 35, 34) },
        {
          what: 'a product with a transpose',
          actual: matmul(long.tensor, long.tensor, { transposeB: true }),
          expected: product(long.values, turned, 2, 2),
        },
      ];
    },
  },
];

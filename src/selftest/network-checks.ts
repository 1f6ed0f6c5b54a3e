import { leakyReluOp } from '../ops/activation';
import { copyChannels } from '../ops/channels';
import { directForward, directGradInput, directGradWeight } from '../ops/conv/direct';
import { fftConvForward, fftConvGradInput, fftConvGradWeight } from '../ops/conv/fft';
import type { Tile } from '../ops/conv/tiles';
import { hasSubgroupsOf8, PRODUCTS_CHOICE, type TileProducts, tileProducts } from '../ops/conv/variants';
import { combineInto, fill, scaleInto } from '../ops/elementwise';
import { biasRelu, maxPool3 } from '../ops/encoder-layers';
import { nearestOp } from '../ops/nearest';
import { maxPerItem, sum, sumOfSquares } from '../ops/reduce';
import { Tensor } from '../tensor/tensor';
import type { Check, Comparison, Lab } from './check';
import { convolution, maximumPool, nearestResize } from './reference';

const TILE_KERNELS = [
  ...['conv_tile_weights', 'conv_tile_forward', 'conv_tile_product', 'conv_tile_inverse'],
  ...['conv_tile_correlate', 'conv_tile_weights_gradient'],
];

/** Checks of the layers of networks. */
export const NETWORK_CHECKS: readonly Check[] = [
  {
    name: 'elementwise operations',
    kernels: ['combine', 'scale', 'copy_window'],
    tolerance: 1e-6,
    run(lab) {
      const [x, y] = [lab.sample([2, 3, 1, 67]), lab.sample([2, 3, 1, 67])];
      const [scaled, filled, window] = [x.tensor.copy(), x.tensor.copy(), lab.given([2, 4, 1, 67], new Float32Array(536))];
      combineInto(y.tensor, 0.9, x.tensor, -2);
      scaleInto(scaled, -3);
      fill(filled, 1.5);
      copyChannels(x.tensor, 1, window.tensor, 2, 2);
      const moved = window.values.map((_, at) => {
        const [image, channel] = [Math.floor(at / 268), Math.floor(at / 67) % 4];
        return channel < 2 ? 0 : x.values[(3 * image! + channel! - 1) * 67 + (at % 67)]!;
      });
      return [
        {
          what: 'the combination',
          actual: y.tensor,
          expected: y.values.map((value, i) => 0.9 * value - 2 * x.values[i]!),
        },
        { what: 'the multiple', actual: scaled, expected: x.values.map((value) => -3 * value) },
        { what: 'the fill', actual: filled, expected: x.values.map(() => 1.5) },
        { what: 'the copied channels', actual: window.tensor, expected: moved },
      ];
    },
  },
  {
    name: 'sums and maxima',
    kernels: ['reduce'],
    tolerance: 1e-5,
    run(lab) {
      const x = lab.sample([3, 5003]);
      const norm = Math.hypot(...x.values);
      return [
        { what: 'the sum', actual: sum(x.tensor), expected: [x.values.reduce((a, b) => a + b)], magnitude: norm },
        { what: 'the sum of squares', actual: sumOfSquares(x.tensor), expected: [norm ** 2] },
        {
          what: 'the maxima',
          actual: maxPerItem(x.tensor),
          expected: [0, 1, 2].map((i) => Math.max(...x.values.subarray(i * 5003, (i + 1) * 5003))),
        },
      ];
    },
  },
  {
    name: 'LeakyReLU',
    kernels: ['leaky_relu'],
    tolerance: 1e-6,
    async run(lab) {
      const [x, dy] = [lab.sample([1, 3, 5, 13]), lab.sample([1, 3, 5, 13])];
      const reference = (values: Float64Array) => values.map((value) => (value > 0 ? value : 0.01 * value));
      const y = leakyReluOp.forward({ x: x.tensor }, { slope: 0.01 });
      const dx = leakyReluOp.backward(dy.tensor, { y }, { slope: 0.01 }).x!();
      return [
        { what: 'the result', actual: y, expected: reference(x.values) },
        {
          what: 'the gradient',
          actual: dx,
          expected: dy.values.map((value, i) => (x.values[i]! > 0 ? value : 0.01 * value)),
        },
      ];
    },
  },
  {
    name: 'convolution, direct',
    kernels: ['conv2d_pack', 'conv2d_direct', 'conv2d_grad_weight', 'conv2d_grad_input_strided', 'sum_slices'],
    tolerance: 1e-5,
    async run(lab) {
      return [
        ...(await checkConvolution(lab, 3, 1, directCalls(1))),
        ...(await checkConvolution(lab, 5, 2, directCalls(2))),
      ];
    },
  },
  tileCheck(16, 'plain', TILE_KERNELS),
  tileCheck(32, 'plain', TILE_KERNELS),
  {
    ...tileCheck(16, 'subgroup', ['conv_tile_product_subgroup', 'conv_tile_correlate_subgroup']),
    suits: hasSubgroupsOf8,
  },
  {
    name: 'nearest resize',
    kernels: ['nearest', 'nearest_gradient'],
    tolerance: 1e-6,
    async run(lab) {
      const results: Comparison[] = [];
      for (const [from, to] of [
        [
          [3, 5],
          [12, 10],
        ],
        [
          [8, 66],
          [2, 33],
        ],
      ] as const) {
        const x = lab.sample([2, 3, ...from]);
        const dy = lab.sample([2, 3, ...to]);
        const reference = (values: Float64Array) => nearestResize(values, 6, from, to);
        const dx = nearestOp.backward(dy.tensor, { x: x.tensor }, { height: to[0], width: to[1] }).x!();
        const y = nearestOp.forward({ x: x.tensor }, { height: to[0], width: to[1] });
        results.push({ what: `${from} to ${to}`, actual: y, expected: reference(x.values) });
        results.push(await lab.gradient(`the gradient of ${from} to ${to}`, reference, x.values, dy.values, dx));
      }
      return results;
    },
  },
  {
    name: 'encoder layers',
    kernels: ['bias_relu', 'max_pool3'],
    tolerance: 1e-6,
    run(lab) {
      const [x, residual, bias] = [lab.sample([2, 3, 7, 9]), lab.sample([2, 3, 7, 9]), lab.sample([3])];
      const pooled = maxPool3(x.tensor);
      const window = { side: 3, stride: 2, before: 1 };
      biasRelu(x.tensor, bias.tensor, residual.tensor);
      const expected = x.values.map((value, at) =>
        Math.max(0, value + bias.values[Math.floor(at / 63) % 3]! + residual.values[at]!),
      );
      return [
        { what: 'bias, residual and ReLU', actual: x.tensor, expected },
        { what: 'the 3x3 maximum', actual: pooled, expected: maximumPool(x.values, 6, [7, 9], window) },
      ];
    },
  },
];

function tileCheck(tile: Tile, products: TileProducts, kernels: readonly string[]): Check {
  return {
    name: `convolution by tiles of ${tile} (${products})`,
    kernels,
    tolerance: 1e-5,
    async run(lab) {
      const chosen = tileProducts(lab.gpu);
      lab.gpu.choices.set(PRODUCTS_CHOICE, products);
      try {
        return await checkConvolution(lab, 7, 1, {
          forward: (x, w) => fftConvForward(x, w, { tile }),
          gradInput(dy, w, shape) {
            const dx = Tensor.empty(dy.gpu, shape);
            fftConvGradInput(dy, w, dx, { tile });
            return dx;
          },
          gradWeight: (dy, x) => fftConvGradWeight(dy, x, 7, { tile }),
        });
      } finally {
        lab.gpu.choices.set(PRODUCTS_CHOICE, chosen);
      }
    },
  };
}

interface ConvolutionCalls {
  /** height and width of the image; default 11x19 */
  readonly size?: readonly [height: number, width: number];
  forward(x: Tensor, w: Tensor): Tensor;
  gradInput(dy: Tensor, w: Tensor, shape: number[]): Tensor;
  gradWeight(dy: Tensor, x: Tensor, kernel: number): Tensor;
}

function directCalls(stride: number): ConvolutionCalls {
  return {
    forward(x, w) {
      const y = Tensor.empty(x.gpu, [x.shape[0]!, w.shape[0]!, ...x.shape.slice(2).map((side) => Math.ceil(side / stride))]);
      directForward(x, w, y, stride, 1);
      return y;
    },
    gradInput(dy, w, shape) {
      const dx = Tensor.empty(dy.gpu, shape);
      directGradInput(dy, w, dx, stride, { slope: 1, masked: false });
      return dx;
    },
    gradWeight: (dy, x, kernel) => directGradWeight(dy, x, kernel, stride),
  };
}

/** Compares a convolution and its gradients with the definition in float64. */
export async function checkConvolution(
  lab: Lab,
  kernel: number,
  stride: number,
  calls: ConvolutionCalls,
): Promise<Comparison[]> {
  const [batch, inputs, outputs] = [2, 3, 9];
  const [height, width] = calls.size ?? [11, 19];
  const shape = { batch, inputs, outputs, height, width, kernel, stride };
  const [x, w] = [lab.sample([batch, inputs, height, width]), lab.sample([outputs, inputs, kernel, kernel])];
  const y = calls.forward(x.tensor, w.tensor);
  const dy = lab.sample(y.shape);
  const name = `${kernel}x${kernel}, stride ${stride}`;
  const byInput = (values: Float64Array) => convolution(values, w.values, shape);
  const byWeight = (values: Float64Array) => convolution(x.values, values, shape);
  const dx = calls.gradInput(dy.tensor, w.tensor, [...x.tensor.shape]);
  const dw = calls.gradWeight(dy.tensor, x.tensor, kernel);
  return [
    { what: `the result (${name})`, actual: y, expected: byInput(x.values) },
    await lab.gradient(`the gradient to the input (${name})`, byInput, x.values, dy.values, dx),
    await lab.gradient(`the gradient to the weight (${name})`, byWeight, w.values, dy.values, dw),
  ];
}

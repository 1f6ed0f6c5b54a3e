import type { Parameter } from '../autograd/parameters';
import type { Random } from '../core/random';
import { LEAKY_SLOPE, leakyRelu } from '../ops/activation';
import { addBias } from '../ops/bias';
import { conv2d } from '../ops/conv/convolve';
import { linear } from '../ops/linear';
import { elements, type Shape, type Tensor } from '../tensor/tensor';
import type { Tensors } from './bijection';

/**
 * A network inside a bijection, such as a coupling: any map of a tensor to one with another number of channels. It need not be
 * invertible.
 *
 * @example
 * // one linear layer
 * const network: Network = {
 *   parameters: ([inputs], outputs) => ({ w: { shape: [outputs, inputs], data: new Float32Array(outputs * inputs) } }),
 *   forward: (x, { w }) => linear(x, w),
 * };
 */
export interface Network {
  /**
   * Initial parameters, by name. The last layer should be zero, so that a flow begins close to the identity.
   *
   * @param input the shape of an item
   * @param outputs channels of the result
   */
  parameters(input: Shape, outputs: number, random: Random): Readonly<Record<string, Parameter>>;
  /** (N, C, ...) -> (N, outputs, ...), by operations on tensors */
  forward(x: Tensor, p: Tensors): Tensor;
}

/**
 * A multilayer perceptron for points (N, C): linear layers with LeakyReLU between them. The last layer starts at zero.
 *
 * @param hidden units of the hidden layers, such as `mlp(64, 64)`
 * @example
 * coupling({ network: mlp(64, 64) })
 */
export function mlp(...hidden: number[]): Network {
  return {
    parameters: ([inputs = 1], outputs, random) => layers([inputs, ...hidden, outputs], random, (from, to) => [to, from]),
    forward: (x, p) => chain(x, hidden.length + 1, (h, i) => linear(h, p[`w${i}`]!, p[`b${i}`]!)),
  };
}

/**
 * A convolutional network for images (N, C, H, W): k x k, 1x1 and k x k convolutions with LeakyReLU between them, as in Glow. The last
 * one starts at zero.
 *
 * @param hidden channels of the hidden layers
 * @param options kernel: k, one of 1, 3, 5, 7, 9, 11; default 3
 * @example
 * coupling({ network: cnn(32, { kernel: 5 }) })
 */
export function cnn(hidden: number, { kernel = 3 } = {}): Network {
  return {
    parameters: ([inputs = 1], outputs, random) =>
      layers([inputs, hidden, hidden, outputs], random, (from, to, i) => [
        to,
        from,
        ...(i === 1 ? [1, 1] : [kernel, kernel]),
      ]),
    forward: (x, p) => chain(x, 3, (h, i) => addBias(conv2d(h, p[`w${i}`]!), p[`b${i}`]!)),
  };
}

function chain(x: Tensor, count: number, layer: (x: Tensor, i: number) => Tensor): Tensor {
  let h = layer(x, 0);
  for (let i = 1; i < count; i++) h = layer(leakyRelu(h, LEAKY_SLOPE), i);
  return h;
}

/** Layers of these sizes: w0, b0, w1, b1, ... The last one, and all biases, are zero. */
function layers(
  sizes: readonly number[],
  random: Random,
  shapeOf: (from: number, to: number, layer: number) => number[],
): Record<string, Parameter> {
  const made: Record<string, Parameter> = {};
  for (const [i, to] of sizes.slice(1).entries()) {
    made[`w${i}`] = layer(shapeOf(sizes[i]!, to, i), i < sizes.length - 2 ? random : undefined);
    made[`b${i}`] = layer([to]);
  }
  return made;
}

/**
 * Initial weights of a layer: uniform within 1 / sqrt(fan in), as PyTorch's default.
 *
 * @param shape outputs first, then what each of them reads
 * @param random default: zeros
 */
export function layer(shape: Shape, random?: Random): Parameter {
  const bound = 1 / Math.sqrt(elements(shape.slice(1)));
  const data = new Float32Array(elements(shape));
  return { shape, data: random ? data.map(() => (2 * random.uniform() - 1) * bound) : data };
}

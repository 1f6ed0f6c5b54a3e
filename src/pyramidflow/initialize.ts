import { luDecompose, type Matrix, orthonormalize } from '../core/linear-algebra';
import type { Random } from '../core/random';
import { meanShape } from '../ops/volume-norm';
import { elements, type Shape } from '../tensor/tensor';
import { type BlockPlan, blockPlan, couplingLevels, type PyramidFlowConfig } from './config';

/** Host tensors by name, as they stand in a checkpoint. */
export type NamedTensors = Map<string, { readonly shape: Shape; readonly data: Float32Array }>;

/** What a model of this configuration consists of: every tensor's name and shape, trained or not. */
export function tensorShapes(config: PyramidFlowConfig): Map<string, { shape: Shape; trained: boolean }> {
  const shapes = new Map<string, { shape: Shape; trained: boolean }>();
  shapes.set('stem.weight', { shape: [config.channels, 3, 1, 1], trained: false });
  blockPlan(config.levels, config.stacks).forEach((block, i) => {
    for (const [name, entry] of Object.entries(blockShapes(config, block))) shapes.set(`blocks.${i}.${name}`, entry);
  });
  return shapes;
}

function blockShapes(config: PyramidFlowConfig, block: BlockPlan): Record<string, { shape: Shape; trained: boolean }> {
  const { channels: c, kernel: k, norm, height, width } = config;
  const { conditions, network } = couplingLevels(block);
  const trained = (...shape: number[]) => ({ shape, trained: true });
  const fixed = (...shape: number[]) => ({ shape, trained: false });
  return {
    conv1: trained(2 * c, conditions.length * c, k, k),
    conv2: trained(2 * c, 2 * c, k, k),
    lower: trained(c, c),
    log_s: trained(c),
    upper: trained(c, c),
    perm: fixed(c, c),
    sign: fixed(c),
    running_mean: fixed(...meanShape(norm, [1, c, height >> network, width >> network])),
  };
}

/**
 * Initial weights: an orthonormal stem; the first convolution uniform within 1 / sqrt(fan in) (PyTorch's default for
 * convolutions), the second zero, so that every coupling starts as the identity; mixing by a random orthogonal matrix.
 */
export function initialTensors(config: PyramidFlowConfig, random: Random): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const [name, { shape }] of tensorShapes(config)) {
    tensors.set(name, { shape, data: new Float32Array(elements(shape)) });
  }
  const put = (name: string, values: ArrayLike<number>) => tensors.get(name)!.data.set(values);
  put('stem.weight', randomOrthonormal(config.channels, 3, random).data);
  blockPlan(config.levels, config.stacks).forEach((_, i) => {
    const conv1 = tensors.get(`blocks.${i}.conv1`)!;
    const bound = 1 / Math.sqrt(elements(conv1.shape.slice(1)));
    put(
      `blocks.${i}.conv1`,
      conv1.data.map(() => (2 * random.uniform() - 1) * bound),
    );
    const { perm, lower, upper } = luDecompose(randomOrthonormal(config.channels, config.channels, random));
    const diagonal = upper.data.filter((_, at) => at % (config.channels + 1) === 0);
    put(`blocks.${i}.perm`, perm.data);
    put(`blocks.${i}.lower`, lower.data);
    put(
      `blocks.${i}.upper`,
      upper.data.map((value, at) => (at % (config.channels + 1) === 0 ? 0 : value)),
    );
    put(
      `blocks.${i}.log_s`,
      diagonal.map((value) => Math.log(Math.abs(value))),
    );
    put(`blocks.${i}.sign`, diagonal.map(Math.sign));
  });
  return tensors;
}

function randomOrthonormal(rows: number, columns: number, random: Random): Matrix {
  const data = Float64Array.from({ length: rows * columns }, () => random.normal());
  return orthonormalize({ rows, columns, data });
}

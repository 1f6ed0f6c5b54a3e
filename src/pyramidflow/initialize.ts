import { luDecompose, type Matrix, orthonormalize } from '../core/linear-algebra';
import { Random } from '../core/random';
import type { Runtime } from '../gpu/runtime';
import { elements } from '../tensor/tensor';
import { blockConfigs, checkConfig, type PyramidFlowConfig } from './config';
import { PyramidFlow } from './pyramid-flow';
import { type NamedTensors, tensorShapes } from './tensors';

/**
 * A new model with random weights. The same seed gives the same weights.
 *
 * @param seed a whole number of at least 0; default 0
 * @throws PyramidFlowError UsageError or ShapeError for a configuration that is not possible
 */
export function createPyramidFlow(gpu: Runtime, config: PyramidFlowConfig, seed = 0): PyramidFlow {
  checkConfig(config);
  return PyramidFlow.fromTensors(gpu, config, initialTensors(config, new Random(seed)));
}

/**
 * Initial weights: a stem with orthonormal columns; the first convolution of a coupling uniform within 1 / sqrt(fan in), as PyTorch's
 * default, and the second zero, so that every coupling starts as the identity; mixing by a random orthogonal matrix.
 */
export function initialTensors(config: PyramidFlowConfig, random: Random): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const [name, { shape }] of tensorShapes(config)) {
    tensors.set(name, { shape, data: new Float32Array(elements(shape)) });
  }
  const put = (name: string, values: ArrayLike<number>) => tensors.get(name)!.data.set(values);
  put('stem.weight', randomOrthonormal(config.channels, 3, random).data);
  blockConfigs(config.levels, config.stacks).forEach((_, i) => {
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

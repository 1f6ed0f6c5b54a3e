import { Random } from '../core/random';
import { randomOrthonormal, randomRotation } from '../flow/mixing';
import { layer } from '../flow/networks';
import type { Runtime } from '../gpu/runtime';
import { elements } from '../tensor/tensor';
import { blockConfigs, checkConfig, type PyramidFlowConfig } from './config';
import { type NamedTensors, tensorShapes } from './tensors';
import { TrainablePyramidFlow } from './trainable';

/**
 * A new model with random weights. The same seed gives the same weights.
 *
 * @param seed a whole number of at least 0; default 0
 * @throws PyramidFlowError UsageError or ShapeError for a configuration that is not possible
 */
export function createPyramidFlow(gpu: Runtime, config: PyramidFlowConfig, seed = 0): TrainablePyramidFlow {
  checkConfig(config);
  return TrainablePyramidFlow.fromTensors(gpu, config, initialTensors(config, new Random(seed)));
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
  for (const i of blockConfigs(config.levels, config.stacks).keys()) {
    put(`blocks.${i}.conv1`, layer(tensors.get(`blocks.${i}.conv1`)!.shape, random).data);
    for (const [name, { data }] of Object.entries(randomRotation(config.channels, random))) put(`blocks.${i}.${name}`, data);
  }
  return tensors;
}

import { Random } from '../../src/core/random';
import type { ByteImage } from '../../src/image/augment';
import type { PyramidFlowConfig } from '../../src/pyramidflow/config';
import { initialTensors } from '../../src/pyramidflow/initialize';
import type { NamedTensors } from '../../src/pyramidflow/tensors';

/** 16 blocks, small enough for a software adapter. */
export const SMALL: PyramidFlowConfig = {
  channels: 4,
  levels: 4,
  stacks: 4,
  kernel: 3,
  norm: 'SVN',
  height: 16,
  width: 24,
};

/**
 * Weights as after some training: the second convolutions, which start at zero and make every coupling the identity,
 * are random, and so are the running means.
 */
export function trainedTensors(config: PyramidFlowConfig = SMALL, seed = 0): NamedTensors {
  const tensors = initialTensors(config, new Random(seed));
  const random = new Random(seed + 100);
  for (const [name, { shape, data }] of tensors) {
    if (name.endsWith('.conv2'))
      data.forEach((_, i) => (data[i] = random.normal() / Math.sqrt(shape[1] * shape[2] * shape[3])));
    if (name.endsWith('.running_mean')) data.forEach((_, i) => (data[i] = 0.1 * random.normal()));
  }
  return tensors;
}

export function randomByteImage(random: Random, { height, width }: { height: number; width: number } = SMALL): ByteImage {
  return {
    data: Uint8Array.from({ length: 3 * height * width }, () => random.integer(256)),
    height,
    width,
    channels: 3,
  };
}

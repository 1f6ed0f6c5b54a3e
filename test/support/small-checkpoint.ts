import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { encodeCheckpoint } from '../../src/checkpoint/encode';
import { Random } from '../../src/core/random';
import { IMAGENET } from '../../src/ops/preprocess';
import { latentShape } from '../../src/pyramidflow/config';
import { elements } from '../../src/tensor/tensor';
import { SMALL, trainedTensors } from './small-weights';

/** A finished model, as a file holds it: small enough for a software adapter, and its scores mean nothing. */
export function smallCheckpoint(change: Partial<Checkpoint> = {}): Checkpoint {
  const random = new Random(17);
  const template = Array.from({ length: SMALL.levels }, (_, level) =>
    Float32Array.from({ length: elements(latentShape(SMALL, level)) }, () => random.normal()),
  );
  const tensors = trainedTensors();
  return { config: SMALL, category: 'tile', normalization: IMAGENET, tensors, template, threshold: 1.5, ...change };
}

export const smallModelFile = (change: Partial<Checkpoint> = {}): Promise<Uint8Array> =>
  encodeCheckpoint(smallCheckpoint(change));

import type { TrainingSettings } from '../../src/pyramidflow/settings';
import type { Checkpoint, TrainingState } from '../../src/checkpoint/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/checkpoint/codec';
import type { PyramidFlowConfig } from '../../src/pyramidflow/config';
import { PyramidFlow } from '../../src/pyramidflow/pyramid-flow';
import { IMAGENET } from '../../src/ops/preprocess';
import { Random } from '../../src/core/random';
import { ADAM_DEFAULTS } from '../../src/autograd/adam';
import type { FitOptions, TrainingImages } from '../../src/training/fit';
import { gpu } from './gpu';
import { randomByteImage } from './small-model';

/** Three blocks: what a run of training does is the same at every size. */
export const TINY: PyramidFlowConfig = {
  channels: 4,
  levels: 3,
  stacks: 1,
  kernel: 3,
  norm: 'CVN',
  height: 16,
  width: 16,
};

export const FIT: FitOptions = {
  epochs: 2,
  batch: 2,
  seed: 5,
  memory: 'reversible',
  augmentation: 'dihedral',
  adam: ADAM_DEFAULTS,
};

/** As a checkpoint records them: more epochs than any test trains. */
export const SETTINGS: TrainingSettings = {
  epochs: 9,
  batch: 2,
  seed: 5,
  memory: 'reversible',
  augmentation: 'dihedral',
  ...ADAM_DEFAULTS,
  images: 6,
};

export const tinyModel = (seed = FIT.seed): PyramidFlow => PyramidFlow.create(gpu, TINY, seed);

export function trainingImages(count: number): TrainingImages {
  const random = new Random(77);
  const images = Array.from({ length: count }, () => randomByteImage(random, TINY));
  return { count, image: (index) => images[index] };
}

/** The checkpoint of a model and where its training stands. */
export async function checkpointOf(model: PyramidFlow, training?: TrainingState): Promise<Checkpoint> {
  const { config } = model;
  const record = training && { ...training, settings: SETTINGS };
  return { config, category: 'tiny', normalization: IMAGENET, tensors: await model.tensors(), training: record };
}

/** Its file: two runs are the same if these bytes are. */
export const fileOf = async (model: PyramidFlow, training?: TrainingState): Promise<Uint8Array> =>
  encodeCheckpoint(await checkpointOf(model, training));

/** A model and the state of its training, from a file. */
export async function loaded(file: Uint8Array): Promise<{ model: PyramidFlow; training: TrainingState }> {
  const { config, tensors, training } = await decodeCheckpoint(file);
  return { model: PyramidFlow.fromTensors(gpu, config, tensors), training: training! };
}

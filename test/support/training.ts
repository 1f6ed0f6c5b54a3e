import { ADAM_DEFAULTS } from '../../src/autograd/adam';
import type { Checkpoint, TrainingState } from '../../src/checkpoint/checkpoint';
import { decodeCheckpoint } from '../../src/checkpoint/decode';
import { encodeCheckpoint } from '../../src/checkpoint/encode';
import { Random } from '../../src/core/random';
import { IMAGENET } from '../../src/ops/preprocess';
import type { PyramidFlowConfig } from '../../src/pyramidflow/config';
import { createPyramidFlow } from '../../src/pyramidflow/initialize';
import type { TrainingSettings } from '../../src/pyramidflow/settings';
import { TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import type { TrainingImages } from '../../src/training/fit';
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

export const SETTINGS: TrainingSettings = {
  epochs: 2,
  batch: 2,
  seed: 5,
  memory: 'reversible',
  augmentation: 'dihedral',
  ...ADAM_DEFAULTS,
};

export const tinyModel = (seed = SETTINGS.seed): TrainablePyramidFlow => createPyramidFlow(gpu, TINY, seed);

export function trainingImages(count: number): TrainingImages {
  const random = new Random(77);
  const images = Array.from({ length: count }, () => randomByteImage(random, TINY));
  return { count, image: (index) => images[index] };
}

/** The checkpoint of a model and where its training stands. */
export async function checkpointOf(model: TrainablePyramidFlow, training?: TrainingState): Promise<Checkpoint> {
  const { config } = model;
  const settings = { ...SETTINGS, epochs: 9 }; // more than any test trains
  const record = training && { ...training, settings, images: 6 };
  return { config, category: 'tiny', normalization: IMAGENET, tensors: await model.tensors(), training: record };
}

/** Its file: two runs are the same if these bytes are. */
export const fileOf = async (model: TrainablePyramidFlow, training?: TrainingState): Promise<Uint8Array> =>
  encodeCheckpoint(await checkpointOf(model, training));

/** A model and the state of its training, from a file. */
export async function loaded(file: Uint8Array): Promise<{ model: TrainablePyramidFlow; training: TrainingState }> {
  const { config, tensors, training } = await decodeCheckpoint(file);
  return { model: TrainablePyramidFlow.fromTensors(gpu, config, tensors), training: training! };
}

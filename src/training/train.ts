import type { Checkpoint, ManifestEntry, TrainingState } from '../checkpoint/checkpoint';
import type { Runtime } from '../gpu/runtime';
import { IMAGENET } from '../ops/preprocess';
import { createPyramidFlow } from '../pyramidflow/initialize';
import { TrainablePyramidFlow } from '../pyramidflow/trainable';
import { type FitProgress, fit, type TrainingImages } from './fit';
import { learnTemplate } from './learn-template';
import type { TrainingPlan } from './plan';

export interface TrainOptions {
  /** goes on from here, with the normalization that is kept there */
  readonly resumed?: Checkpoint;
  /** the training images, to be kept in every checkpoint */
  readonly manifest?: readonly ManifestEntry[];
  readonly signal?: AbortSignal;
  onStep?(progress: FitProgress): void;
  /** called where training goes wrong but can go on */
  onWarning?(text: string): void;
  /** after every epoch, with the model as it stands */
  onEpoch?(checkpoint: Checkpoint, state: TrainingState): Promise<void> | void;
  /** images done, of those that template and threshold need */
  onTemplate?(done: number, of: number): void;
}

/**
 * Trains a model as planned: all epochs, then template and threshold. The same plan and images give the same bytes.
 * Returns undefined where the signal stopped it. Throws what `fit` and `learnTemplate` throw.
 */
export async function trainModel(
  gpu: Runtime,
  { config, category, settings, images: count }: TrainingPlan,
  images: TrainingImages,
  { resumed, manifest, signal, onStep, onWarning, onEpoch, onTemplate }: TrainOptions = {},
): Promise<Checkpoint | undefined> {
  const model = resumed
    ? TrainablePyramidFlow.fromTensors(gpu, config, resumed.tensors)
    : createPyramidFlow(gpu, config, settings.seed);
  const normalization = resumed?.normalization ?? IMAGENET;
  const checkpoint = async (state: TrainingState): Promise<Checkpoint> => ({
    config,
    category,
    normalization,
    tensors: await model.tensors(),
    training: { ...state, settings, images: count },
    manifest,
  });
  try {
    const state = await fit(model, images, settings, {
      normalization,
      resume: resumed?.training,
      signal,
      onStep,
      onWarning,
      onEpoch: onEpoch && (async (reached) => onEpoch(await checkpoint(reached), reached)),
    });
    if (signal?.aborted) return undefined;
    const learnt = await learnTemplate(model, images, { signal, onImage: onTemplate, normalization });
    return learnt && { ...(await checkpoint(state)), ...learnt };
  } finally {
    model.free();
  }
}

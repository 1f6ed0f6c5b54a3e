import type { Runtime } from '../gpu/runtime';
import type { Checkpoint, TrainingState } from '../model/checkpoint';
import { PyramidFlow } from '../model/pyramid-flow';
import { IMAGENET } from '../ops/preprocess';
import { finishTraining } from './finish';
import { type FitProgress, type TrainingImages, fit } from './fit';
import type { TrainingPlan } from './plan';

export interface TrainOptions {
  /** goes on from here */
  readonly resumed?: Checkpoint;
  readonly signal?: AbortSignal;
  onStep?(progress: FitProgress): void;
  /** after every epoch, with the model as it stands */
  onEpoch?(checkpoint: Checkpoint, state: TrainingState): Promise<void> | void;
  /** images seen of those that the template and the threshold take */
  onFinish?(done: number, of: number): void;
}

/**
 * Trains a model as planned: all epochs, then template and threshold. The same plan and images give the same bytes.
 * Returns undefined where the signal stopped it. Throws what `fit` and `finishTraining` throw.
 */
export async function trainModel(
  gpu: Runtime,
  { config, category, settings }: TrainingPlan,
  images: TrainingImages,
  { resumed, signal, onStep, onEpoch, onFinish }: TrainOptions = {},
): Promise<Checkpoint | undefined> {
  const model = resumed
    ? PyramidFlow.fromTensors(gpu, config, resumed.tensors)
    : PyramidFlow.create(gpu, config, settings.seed);
  const checkpoint = async (state: TrainingState): Promise<Checkpoint> => ({
    config,
    category,
    normalization: IMAGENET,
    tensors: await model.tensors(),
    training: { ...state, settings },
  });
  try {
    const state = await fit(model, images, {
      ...settings,
      adam: settings,
      resume: resumed?.training,
      signal,
      onStep,
      onEpoch: onEpoch && (async (reached) => onEpoch(await checkpoint(reached), reached)),
    });
    const finish = signal?.aborted ? undefined : await finishTraining(model, images, { signal, onImage: onFinish });
    return finish && { ...(await checkpoint(state)), ...finish };
  } finally {
    model.free();
  }
}

import type { EpochLog, TrainingState } from '../checkpoint/checkpoint';
import { PyramidFlowError } from '../core/errors';
import { Random } from '../core/random';
import { augmentImage, type ByteImage } from '../image/augment';
import { networkInput } from '../image/model-input';
import { IMAGENET, type Normalization } from '../ops/preprocess';
import type { TrainingSettings } from '../pyramidflow/settings';
import type { TrainablePyramidFlow } from '../pyramidflow/trainable';
import type { Tensor } from '../tensor/tensor';
import { diagnose } from './diagnose';
import { watchDivergence } from './divergence';
import { reconstructionError } from './reconstruction';
import { type StepReport, Trainer } from './step';

/** The training images: RGB, of good parts, all of the model's size. */
export interface TrainingImages {
  readonly count: number;
  image(index: number): ByteImage;
}

export interface FitProgress extends StepReport {
  /** from 1 */
  readonly epoch: number;
  readonly epochs: number;
  /** from 1, within the epoch */
  readonly step: number;
  readonly steps: number;
}

export interface FitOptions {
  /** of the network's input; default ImageNet's */
  readonly normalization?: Normalization;
  /** goes on from here, bit for bit as if never stopped */
  readonly resume?: TrainingState;
  /** stops within a step; what the last `onEpoch` was given stays the result */
  readonly signal?: AbortSignal;
  onStep?(progress: FitProgress): void;
  /** called at most once, where the loss grows without bounds */
  onWarning?(text: string): void;
  /** after every epoch, with what a checkpoint needs; the weights are in the model */
  onEpoch?(state: TrainingState): Promise<void> | void;
}

/** Starts at this offset from the seed, so that weights and shuffles differ. */
const SHUFFLE_SEED = 1;

/**
 * Trains for `epochs` epochs over shuffled batches (a last one that is not full is left out). Returns the state after the
 * last finished epoch. Throws DataError for fewer images than a batch, NumericError that names step, block and tensor.
 */
export async function fit(
  model: TrainablePyramidFlow,
  images: TrainingImages,
  settings: TrainingSettings,
  options: FitOptions = {},
): Promise<TrainingState> {
  const { epochs, batch, seed } = settings;
  const { resume, signal } = options;
  const steps = Math.floor(images.count / batch);
  checkBatch(images.count, batch);
  const trainer = new Trainer(model, settings);
  if (resume) trainer.optimizer.restore(resume.optimizer);
  const random = resume ? Random.fromState(resume.random) : new Random(seed + SHUFFLE_SEED);
  const log: EpochLog[] = [...(resume?.log ?? [])];
  const checkLoss = watchDivergence(log[0]?.loss, options.onWarning);
  const onStep = (progress: FitProgress) => {
    checkLoss(progress.loss);
    options.onStep?.(progress);
  };
  let state = resume ?? (await currentState(trainer, random, log));
  try {
    if (log.length < epochs) await trainer.compile(batch);
    while (log.length < epochs && !signal?.aborted) {
      const entry = await runEpoch(trainer, images, random, log.length + 1, steps, settings, { ...options, onStep });
      if (!entry) break;
      log.push(entry);
      state = await currentState(trainer, random, log);
      await options.onEpoch?.(state);
    }
  } finally {
    trainer.free();
  }
  return state;
}

/** Throws UsageError for a batch without pairs, DataError for fewer images than one batch. */
function checkBatch(images: number, batch: number): void {
  const details = { settings: ['batch'] };
  if (batch < 2) {
    const remedy = 'use a batch of 2 or more, since training compares pairs of images';
    throw new PyramidFlowError('UsageError', `a batch of ${batch} is too small`, remedy, { details });
  }
  if (images >= batch) return;
  const found = images === 1 ? '1 training image is' : `${images} training images are`;
  const problem = `${found} fewer than one batch of ${batch}`;
  if (batch === 2) throw new PyramidFlowError('DataError', problem, 'add images');
  throw new PyramidFlowError('DataError', problem, 'add images, or lower the batch', { details });
}

/** One epoch; undefined where the signal stopped it. */
async function runEpoch(
  trainer: Trainer,
  images: TrainingImages,
  random: Random,
  epoch: number,
  steps: number,
  { epochs, batch, augmentation }: TrainingSettings,
  { normalization = IMAGENET, signal, onStep }: FitOptions,
): Promise<EpochLog | undefined> {
  const { model } = trainer;
  const order = Array.from({ length: images.count }, (_, i) => i);
  random.shuffle(order);
  const sums = { loss: 0, gradientNorm: 0 };
  let input: Tensor | undefined;
  let running: Promise<void> | undefined; // the step before, whose report comes while this one is recorded
  try {
    for (let step = 1; step <= steps; step++) {
      const chosen = order.slice((step - 1) * batch, step * batch);
      const bytes = chosen.map((index) => augmentImage(images.image(index), augmentation, random));
      input?.free();
      input = networkInput(model.gpu, bytes, normalization);
      const report = trainer.step(input);
      await running;
      running = report.then(async ({ loss, gradientNorm }) => {
        if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
          throw await diagnose(trainer, { epoch, step, images: bytes, normalization });
        }
        sums.loss += loss / steps;
        sums.gradientNorm += gradientNorm / steps;
        onStep?.({ epoch, epochs, step, steps, loss, gradientNorm });
      });
      running.catch(() => undefined); // it is awaited one step later
      if (signal?.aborted) break;
    }
    await running;
    if (signal?.aborted) return undefined;
    return { epoch, ...sums, reconstructionError: await reconstructionError(model, input!) };
  } finally {
    input?.free();
  }
}

async function currentState({ optimizer }: Trainer, random: Random, log: readonly EpochLog[]): Promise<TrainingState> {
  return { log: [...log], random: random.state(), optimizer: await optimizer.state() };
}

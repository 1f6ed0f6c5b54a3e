import { basename, join, resolve } from 'node:path';
import type { Checkpoint, ManifestEntry, TrainingState } from '../checkpoint/checkpoint';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { formatSize } from '../image/size';
import type { FitProgress } from '../training/fit';
import { newPlan, type ResumeChoices, resumedPlan, type TrainingPlan } from '../training/plan';
import { trainModel } from '../training/train';
import { readCheckpoint } from './files/checkpoint-file';
import { type Dataset, loadTrainingImages, openDataset } from './files/dataset';
import { readImage } from './files/image-file';
import { lockFile } from './files/lock-file';
import { makeManifest } from './files/manifest';
import { isResumed, ModelFile, type OutputOptions, outputFile, refuseExisting } from './files/output-file';

export interface TrainFolderOptions extends ResumeChoices, OutputOptions {
  /** folder of the data set */
  readonly data: string;
  /** its subfolder; left out where the folder itself is the category, and then its name is the category's */
  readonly category?: string;
  /** pictures of more pixels are refused; default MAX_PIXELS of image-file.ts */
  readonly maxPixels?: number;
  readonly signal?: AbortSignal;
}

/** What a caller may hear of while a model is trained. */
export interface TrainingObserver {
  notice?(text: string): void;
  onStart?(plan: TrainingPlan, finishedEpochs: number): void;
  onStep?(progress: FitProgress): void;
  /** the model file now holds this many finished epochs */
  onEpoch?(state: TrainingState): void;
  /** pictures seen of those that the template and the threshold take */
  onFinish?(done: number, of: number): void;
}

export interface TrainingResult {
  readonly file: string;
  readonly plan: TrainingPlan;
  readonly state: TrainingState;
  readonly threshold: number;
}

/**
 * Trains a model on the good pictures of a data set and writes it to a file, after every epoch and at the end with
 * template and threshold. The same options give the same bytes. Returns undefined where the signal stopped it: the file
 * then holds the last finished epoch, if there was one. Throws UsageError, also where another process trains the same
 * file, DataError, CheckpointError, NumericError.
 */
export async function trainFolder(
  gpu: Runtime,
  options: TrainFolderOptions,
  observer: TrainingObserver = {},
): Promise<TrainingResult | undefined> {
  checkDataChanged(options);
  const file = await outputFile(options);
  const lock = await lockFile(file, observer.notice);
  try {
    refuseExisting(file, options);
    return await trainLocked(gpu, file, options, observer);
  } finally {
    lock.release();
  }
}

async function trainLocked(
  gpu: Runtime,
  file: string,
  options: TrainFolderOptions,
  observer: TrainingObserver,
): Promise<TrainingResult | undefined> {
  const { signal, resume } = options;
  const dataset = await openDataset(options.data, options.category, options);
  const resumed = resume === undefined ? undefined : await readCheckpoint(resume, observer.notice);
  const manifest = await makeManifest(dataset, options.category);
  const plan = await makePlan(options, dataset, manifest, resumed, observer);
  const { config } = plan;
  observer.notice?.(`reading ${dataset.train.length} training pictures (${dataset.layout}) at ${formatSize(config)}`);
  const images = await loadTrainingImages(gpu, dataset, config);
  const finishedEpochs = resumed?.training?.log.length ?? 0;
  observer.onStart?.(plan, finishedEpochs);
  const model = new ModelFile(file, isResumed(file, resume) ? finishedEpochs : 0);
  const checkpoint = await trainModel(gpu, plan, images, {
    resumed,
    manifest,
    signal,
    onStep: observer.onStep,
    onWarning: observer.notice,
    onEpoch: async (reached, state) => {
      await model.write(reached, state.log.length);
      observer.onEpoch?.(state);
    },
    onFinish: observer.onFinish,
  });
  if (!checkpoint) return undefined;
  const state = checkpoint.training!;
  await model.write(checkpoint, state.log.length);
  return { file, plan, state, threshold: checkpoint.threshold! };
}

/** Throws UsageError for `dataChanged` that is not 'ok', or where nothing is resumed that it could be about. */
function checkDataChanged({ dataChanged, resume }: TrainFolderOptions): void {
  if (dataChanged === undefined || (dataChanged === 'ok' && resume !== undefined)) return;
  const details = { settings: ['dataChanged'] };
  if (dataChanged === 'ok') {
    const problem = 'changed data were accepted, but no training is resumed';
    throw new PyramidFlowError('UsageError', problem, 'resume a training, or leave it out', { details });
  }
  const problem = `dataChanged '${String(dataChanged)}' is not understood`;
  throw new PyramidFlowError('UsageError', problem, "give 'ok', or leave it out", { details });
}

async function makePlan(
  options: TrainFolderOptions,
  { folder, train, maxPixels }: Dataset,
  manifest: readonly ManifestEntry[],
  resumed: Checkpoint | undefined,
  { notice = () => undefined }: TrainingObserver,
): Promise<TrainingPlan> {
  const first = await readImage(join(folder, train[0]), { maxPixels });
  const category = options.category ?? resumed?.category ?? basename(resolve(folder));
  const data = { category, first, images: train.length, manifest };
  return resumed ? resumedPlan(options.resume!, resumed, options, data, notice) : newPlan(options, data, notice);
}

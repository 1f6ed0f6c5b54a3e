import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { PyramidFlowError } from '../errors';
import type { Runtime } from '../gpu/runtime';
import type { Checkpoint, TrainingState } from '../model/checkpoint';
import type { FitProgress } from '../train/fit';
import { formatSize } from '../train/image-size';
import { type TrainingChoices, type TrainingPlan, newPlan, resumedPlan } from '../train/plan';
import { trainModel } from '../train/train';
import { prepareFolderOf } from './atomic-file';
import { readCheckpoint, writeCheckpoint } from './checkpoint-file';
import { type Dataset, loadTrainingImages, openDataset } from './dataset';
import { readImage } from './image-file';

export interface TrainFolderOptions extends TrainingChoices {
  /** folder of the data set */
  readonly data: string;
  /** its subfolder; left out where the folder itself is the category, and then its name is the category's */
  readonly category?: string;
  /** the model file; default the one that is resumed */
  readonly out?: string;
  /** a model file whose training goes on */
  readonly resume?: string;
  /** replaces an existing model file */
  readonly force?: boolean;
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
 * then holds the last finished epoch, if there was one. Throws UsageError, DataError, CheckpointError, NumericError.
 */
export async function trainFolder(
  gpu: Runtime,
  options: TrainFolderOptions,
  observer: TrainingObserver = {},
): Promise<TrainingResult | undefined> {
  const { signal } = options;
  const file = await outputFile(options);
  const dataset = await openDataset(options.data, options.category, options);
  const resumed = options.resume === undefined ? undefined : await readCheckpoint(options.resume, observer.notice);
  const plan = await makePlan(options, dataset, resumed, observer);
  const { config } = plan;
  observer.notice?.(`reading ${dataset.train.length} training pictures (${dataset.layout}) at ${formatSize(config)}`);
  const images = await loadTrainingImages(gpu, dataset, config);
  observer.onStart?.(plan, resumed?.training?.log.length ?? 0);
  const checkpoint = await trainModel(gpu, plan, images, {
    resumed,
    signal,
    onStep: observer.onStep,
    onEpoch: async (reached, state) => {
      await writeCheckpoint(file, reached);
      observer.onEpoch?.(state);
    },
    onFinish: observer.onFinish,
  });
  if (!checkpoint) return undefined;
  await writeCheckpoint(file, checkpoint);
  return { file, plan, state: checkpoint.training!, threshold: checkpoint.threshold! };
}

/** The file to write, its folder made and open for writing. */
async function outputFile({ out, resume, force }: TrainFolderOptions): Promise<string> {
  const file = out ?? resume;
  if (!file) throw new PyramidFlowError('UsageError', 'no file for the model was named', 'pass --out FILE');
  if (existsSync(file) && file !== resume && !force) {
    throw new PyramidFlowError(
      'UsageError',
      `${file} exists`,
      'go on with --resume, replace it with --force, or name another --out',
    );
  }
  await prepareFolderOf(file);
  return file;
}

async function makePlan(
  options: TrainFolderOptions,
  { folder, train, maxPixels }: Dataset,
  resumed: Checkpoint | undefined,
  { notice = () => undefined }: TrainingObserver,
): Promise<TrainingPlan> {
  const first = await readImage(join(folder, train[0]), { maxPixels });
  const category = options.category ?? resumed?.category ?? basename(resolve(folder));
  const data = { category, first, images: train.length };
  return resumed ? resumedPlan(options.resume!, resumed, options, data) : newPlan(options, data, notice);
}

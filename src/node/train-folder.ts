import { basename, join, resolve } from 'node:path';
import type { Checkpoint, ManifestEntry, TrainingState } from '../checkpoint/checkpoint';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { formatSize } from '../image/size';
import { newPlan, type ResumeOptions, resumedPlan, type TrainingPlan } from '../training/plan';
import type { TrainProgress } from '../training/progress';
import { trainModel } from '../training/train';
import { readCheckpoint } from './files/checkpoint-file';
import { type Dataset, loadTrainingImages, openDataset } from './files/dataset';
import { readImage } from './files/image-file';
import { lockFile } from './files/lock-file';
import { makeManifest } from './files/manifest';
import { isResumed, ModelFile, type OutputOptions, outputFile, refuseExisting } from './files/output-file';

/** Settings left out are those that the authors released for the category. */
export interface TrainFolderOptions extends ResumeOptions, OutputOptions {
  /** folder of the data set */
  readonly data: string;
  /** its subfolder; default the folder itself, whose name is then the name of the category */
  readonly category?: string;
  /** images of more pixels are refused; default MAX_PIXELS */
  readonly maxPixels?: number;
  /** stops after the image that is read or the step under way */
  readonly signal?: AbortSignal;
  /** called after every image that is read, every step, and every image of the template */
  onProgress?(progress: TrainProgress): void;
  /** called with things worth knowing, such as a size that had to be adjusted */
  onNotice?(text: string): void;
  /** called, at most once, when the loss grows without bounds; training goes on */
  onWarning?(text: string): void;
  /** before the first step, with the number of epochs that a resumed model has finished */
  onStart?(plan: TrainingPlan, finishedEpochs: number): void;
  /** after every epoch, once it is in the model file */
  onEpoch?(state: TrainingState): void;
}

/** The result of a training. */
export interface TrainingResult {
  /** path of the model file */
  readonly file: string;
  readonly plan: TrainingPlan;
  /** with the log of all epochs */
  readonly state: TrainingState;
  /** images that score above it are called defective */
  readonly threshold: number;
}

/**
 * Trains a model on the good images of a data set, and writes it to a file: after every epoch, and at the end with
 * template and threshold. The same options give the same bytes on the same adapter.
 *
 * @returns undefined where the signal stopped it; the file then holds the last finished epoch, if there is one
 * @throws UsageError for invalid settings, and where another process trains the same file; DataError,
 *   CheckpointError, NumericError, DeviceError
 * @example
 * const gpu = await openRuntime();
 * await trainFolder(gpu, { data: 'screws', out: 'screws.safetensors', size: { shorter: 256 }, epochs: 10 });
 */
export async function trainFolder(gpu: Runtime, options: TrainFolderOptions): Promise<TrainingResult | undefined> {
  checkDataChanged(options);
  const file = await outputFile(options);
  const lock = await lockFile(file, options.onNotice);
  try {
    refuseExisting(file, options);
    return await trainLocked(gpu, file, options);
  } catch (error) {
    if (options.signal?.aborted && error === options.signal.reason) return undefined;
    throw error;
  } finally {
    lock.release();
  }
}

async function trainLocked(gpu: Runtime, file: string, options: TrainFolderOptions): Promise<TrainingResult | undefined> {
  const { signal, resume, onProgress, onNotice, onWarning, onStart, onEpoch } = options;
  const dataset = await openDataset(options.data, options.category, options);
  const resumed = resume === undefined ? undefined : await readCheckpoint(resume, onNotice);
  const manifest = await makeManifest(dataset, options.category, signal);
  const plan = await makePlan(options, dataset, manifest, resumed);
  const { config } = plan;
  const { epochs } = plan.settings;
  onNotice?.(`reading ${dataset.train.length} training images (${dataset.layout}) at ${formatSize(config)}`);
  const onImage = (step: number, steps: number) => onProgress?.({ phase: 'read', epoch: 0, epochs, step, steps });
  const images = await loadTrainingImages(gpu, dataset, config, onImage, signal);
  const finishedEpochs = resumed?.training?.log.length ?? 0;
  onStart?.(plan, finishedEpochs);
  const model = new ModelFile(file, isResumed(file, resume) ? finishedEpochs : 0);
  let loss: number | undefined;
  const checkpoint = await trainModel(gpu, plan, images, {
    resumed,
    manifest,
    signal,
    onStep: ({ epoch, step, steps, loss: last }) => {
      loss = last;
      onProgress?.({ phase: 'train', epoch, epochs, step, steps, loss });
    },
    onWarning,
    onEpoch: async (reached, state) => {
      await model.write(reached, state.log.length);
      onEpoch?.(state);
    },
    onTemplate: (step, steps) => onProgress?.({ phase: 'template', epoch: epochs, epochs, step, steps, loss }),
  });
  if (!checkpoint) return undefined;
  const state = checkpoint.training!;
  await model.write(checkpoint, state.log.length);
  return { file, plan, state, threshold: checkpoint.threshold! };
}

/** Throws UsageError for `dataChanged` other than 'ok', or where no training is resumed. */
function checkDataChanged({ dataChanged, resume }: TrainFolderOptions): void {
  if (dataChanged === undefined || (dataChanged === 'ok' && resume !== undefined)) return;
  const details = { settings: ['dataChanged'] };
  if (dataChanged === 'ok') {
    const problem = 'changed data were accepted, but no training is resumed';
    throw new PyramidFlowError('UsageError', problem, 'resume a training, or leave it out', { details });
  }
  const problem = `expected dataChanged 'ok', got '${String(dataChanged)}'`;
  throw new PyramidFlowError('UsageError', problem, "give 'ok', or leave it out", { details });
}

async function makePlan(
  options: TrainFolderOptions,
  { folder, train, maxPixels }: Dataset,
  manifest: readonly ManifestEntry[],
  resumed: Checkpoint | undefined,
): Promise<TrainingPlan> {
  const { onNotice = () => undefined } = options;
  const first = await readImage(join(folder, train[0]!), { maxPixels });
  const category = options.category ?? resumed?.category ?? basename(resolve(folder));
  const data = { category, first, images: train.length, manifest };
  return resumed ? resumedPlan(options.resume!, resumed, options, data, onNotice) : newPlan(options, data, onNotice);
}

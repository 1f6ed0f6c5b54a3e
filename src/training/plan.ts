import type { Checkpoint, ManifestEntry } from '../checkpoint/checkpoint';
import { trainingSettings } from '../checkpoint/metadata';
import { PyramidFlowError } from '../core/errors';
import { formatSize, modelSize, type Size, type SizeRequest } from '../image/size';
import { checkConfig, type PyramidFlowConfig } from '../pyramidflow/config';
import { type NetworkSettings, settingsFor, type TrainingSettings } from '../pyramidflow/settings';
import { requireSameData } from './data-change';

/** What a user may set; settings left out are those released for the category. */
export interface TrainingOptions extends Partial<NetworkSettings>, Partial<TrainingSettings> {
  readonly size?: SizeRequest;
}

/** What a user may set where training is resumed. */
export interface ResumeOptions extends TrainingOptions {
  /** the training images may be others than before */
  readonly dataChanged?: 'ok';
}

/** What is trained, and how. */
export interface TrainingPlan {
  readonly config: PyramidFlowConfig;
  readonly category: string;
  readonly settings: TrainingSettings;
  /** number of training images */
  readonly images: number;
}

/** The data that a plan is for: the size of the first image, how many there are, and which where this is known. */
export interface PlannedData {
  readonly category: string;
  readonly first: Size;
  readonly images: number;
  readonly manifest?: readonly ManifestEntry[];
}

/**
 * A plan from the user's options, completed by the category's settings. `notice` is called for a size that had to be
 * adjusted. Throws UsageError or ShapeError that names the wrong setting.
 */
export function newPlan(options: TrainingOptions, data: PlannedData, notice: (text: string) => void): TrainingPlan {
  const { size: shorter, ...defaults } = settingsFor(data.category);
  const { channels, levels, stacks, kernel, norm, size: _, ...rest } = { ...defaults, ...definedOf(options) };
  const { size, adjusted } = modelSize(options.size ?? { shorter }, data.first, levels);
  if (adjusted) notice(`images are resized to ${formatSize(size)}, the nearest size that ${levels} levels can take`);
  const config = { channels, levels, stacks, kernel, norm, ...size };
  checkConfig(config);
  return { config, category: data.category, settings: checkSettings(rest), images: data.images };
}

function checkSettings(settings: TrainingSettings): TrainingSettings {
  try {
    return trainingSettings(settings, 'settings');
  } catch (cause) {
    const { problem } = cause as PyramidFlowError;
    const name = /^settings\.(\w+)/.exec(problem)![1]!;
    const details = { settings: [name] };
    throw new PyramidFlowError('UsageError', problem.slice('settings.'.length), 'correct it, or leave it out', { details });
  }
}

/**
 * The plan of a checkpoint whose training is resumed; only the number of epochs may be raised. `notice` is called for images that
 * changed or could not be compared. Throws UsageError for a setting that contradicts it, DataError for images that are
 * not those it was trained on.
 */
export function resumedPlan(
  file: string,
  { config, category, training, manifest }: Checkpoint,
  options: ResumeOptions,
  data: Required<PlannedData>,
  notice: (text: string) => void,
): TrainingPlan {
  if (!training) throw new PyramidFlowError('CheckpointError', `${file} holds no training state`, 'train a new model');
  const plan = { config, category, settings: training.settings, images: data.images };
  refuseContradiction(file, plan, options, data);
  requireSameData(file, { images: training.images, manifest }, data.manifest, options.dataChanged === 'ok', notice);
  const epochs = options.epochs ?? plan.settings.epochs;
  if (epochs < training.log.length) {
    const given = epochs === 1 ? '1 epoch is' : `${epochs} epochs are`;
    const problem = `${given} fewer than the ${training.log.length} that ${file} has already trained`;
    const details = { settings: ['epochs'] };
    throw new PyramidFlowError('UsageError', problem, 'give more epochs, or leave them out', { details });
  }
  return { ...plan, settings: { ...plan.settings, epochs } };
}

/** Settings whose name is not a word. */
const WORDS: Readonly<Record<string, string>> = { learningRate: 'learning rate' };

function refuseContradiction(file: string, plan: TrainingPlan, options: TrainingOptions, data: PlannedData): void {
  const { config, category, settings } = plan;
  const size = options.size && formatSize(modelSize(options.size, data.first, config.levels).size);
  const given: Record<string, unknown> = { ...options, epochs: undefined, size, category: data.category };
  for (const [name, stored] of Object.entries({ ...config, ...settings, size: formatSize(config), category })) {
    if (given[name] === undefined || String(given[name]) === String(stored)) continue;
    const problem = `${WORDS[name] ?? name} ${given[name]} contradicts ${file}, which has ${stored}`;
    const details = { settings: [name] };
    throw new PyramidFlowError('UsageError', problem, 'leave it out, or train a new model', { details });
  }
}

/** The options that are not undefined and that a plan knows. */
function definedOf(options: TrainingOptions): TrainingOptions {
  const known = Object.keys(settingsFor(''));
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => value !== undefined && known.includes(name)));
}

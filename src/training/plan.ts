import type { Checkpoint, ManifestEntry } from '../checkpoint/checkpoint';
import { trainingSettings } from '../checkpoint/metadata';
import { PyramidFlowError } from '../core/errors';
import { formatSize, modelSize, type Size, type SizeRequest } from '../image/size';
import { checkConfig, type PyramidFlowConfig } from '../pyramidflow/config';
import { type NetworkSettings, settingsFor, type TrainingSettings } from '../pyramidflow/settings';
import { requireSameData } from './data-change';

/** What a user may choose; what is left out takes the category's released setting. */
export interface TrainingChoices extends Partial<NetworkSettings>, Partial<TrainingSettings> {
  readonly size?: SizeRequest;
}

/** What may be chosen where training goes on. */
export interface ResumeChoices extends TrainingChoices {
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
 * A plan from the user's choices, completed by the category's settings. `notice` is told of a size that had to be
 * changed. Throws UsageError or ShapeError that names the wrong setting.
 */
export function newPlan(choices: TrainingChoices, data: PlannedData, notice: (text: string) => void): TrainingPlan {
  const { size: shorter, ...defaults } = settingsFor(data.category);
  const { channels, levels, stacks, kernel, norm, size: _, ...rest } = { ...defaults, ...given(choices) };
  const { size, adjusted } = modelSize(choices.size ?? { shorter }, data.first, levels);
  if (adjusted)
    notice(`images are resized to ${formatSize(size)}, the nearest size that ${levels} levels and the FFT can take`);
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
 * The plan of a checkpoint whose training goes on; only the number of epochs may be raised. `notice` is told of images that
 * changed or could not be compared. Throws UsageError for a setting that contradicts it, DataError for images that are
 * not those it was trained on.
 */
export function resumedPlan(
  file: string,
  { config, category, training, manifest }: Checkpoint,
  choices: ResumeChoices,
  data: Required<PlannedData>,
  notice: (text: string) => void,
): TrainingPlan {
  if (!training) throw new PyramidFlowError('CheckpointError', `${file} holds no training state`, 'train a new model');
  const plan = { config, category, settings: training.settings, images: data.images };
  refuseContradiction(file, plan, choices, data);
  requireSameData(file, { images: training.images, manifest }, data.manifest, choices.dataChanged === 'ok', notice);
  const epochs = choices.epochs ?? plan.settings.epochs;
  if (epochs < training.log.length) {
    const chosen = epochs === 1 ? '1 epoch is' : `${epochs} epochs are`;
    const problem = `${chosen} less than the ${training.log.length} that ${file} has already trained`;
    const details = { settings: ['epochs'] };
    throw new PyramidFlowError('UsageError', problem, 'give more epochs, or leave them out', { details });
  }
  return { ...plan, settings: { ...plan.settings, epochs } };
}

/** Settings whose name is not a word. */
const WORDS: Readonly<Record<string, string>> = { learningRate: 'learning rate' };

function refuseContradiction(file: string, plan: TrainingPlan, choices: TrainingChoices, data: PlannedData): void {
  const { config, category, settings } = plan;
  const size = choices.size && formatSize(modelSize(choices.size, data.first, config.levels).size);
  const chosen: Record<string, unknown> = { ...choices, epochs: undefined, size, category: data.category };
  for (const [name, stored] of Object.entries({ ...config, ...settings, size: formatSize(config), category })) {
    if (chosen[name] === undefined || String(chosen[name]) === String(stored)) continue;
    const problem = `${WORDS[name] ?? name} ${chosen[name]} contradicts ${file}, which has ${stored}`;
    const details = { settings: [name] };
    throw new PyramidFlowError('UsageError', problem, 'leave it out, or train a new model', { details });
  }
}

/** The choices that were made: those that are not undefined, and that a plan knows. */
function given(choices: TrainingChoices): TrainingChoices {
  const known = Object.keys(settingsFor(''));
  return Object.fromEntries(Object.entries(choices).filter(([name, value]) => value !== undefined && known.includes(name)));
}

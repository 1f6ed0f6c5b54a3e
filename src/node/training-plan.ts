import { settingsFor } from '../data/settings';
import type { Augmentation, VolumeNorm } from '../data/settings';
import { PyramidFlowError } from '../errors';
import type { Checkpoint } from '../model/checkpoint';
import type { PyramidFlowConfig } from '../model/config';
import type { MemoryMode } from '../train/trainer';
import { type Size, type SizeRequest, formatSize, modelSize } from './image-size';

/** What a user may choose; what is left out takes the category's released setting. */
export interface TrainingChoices {
  readonly size?: SizeRequest;
  readonly channels?: number;
  readonly levels?: number;
  readonly stacks?: number;
  readonly kernel?: number;
  readonly norm?: VolumeNorm;
  readonly epochs?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly seed?: number;
  readonly memory?: MemoryMode;
  readonly augmentation?: Augmentation;
}

/** How a model is trained, as its checkpoint records it. */
export interface TrainingSettings {
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  readonly memory: MemoryMode;
  readonly augmentation: Augmentation;
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  /** number of training pictures */
  readonly images: number;
}

export interface TrainingPlan {
  readonly config: PyramidFlowConfig;
  readonly category: string;
  readonly settings: TrainingSettings;
}

/** The data that a plan is for: the size of the first picture, and how many there are. */
export interface PlannedData {
  readonly category: string;
  readonly first: Size;
  readonly images: number;
}

/** A plan from the user's choices, completed by the category's settings. `notice` hears of a size that had to be changed. */
export function newPlan(choices: TrainingChoices, data: PlannedData, notice: (text: string) => void): TrainingPlan {
  const defaults = settingsFor(data.category);
  const { channels, levels, stacks, kernel, norm } = { ...defaults, ...given(choices) };
  const { size, adjusted } = modelSize(choices.size ?? { shorter: defaults.size }, data.first, levels);
  if (adjusted) notice(`images are resized to ${formatSize(size)}, the nearest size that ${levels} levels and the FFT can take`);
  return {
    config: { channels, levels, stacks, kernel, norm, ...size },
    category: data.category,
    settings: {
      epochs: choices.epochs ?? defaults.epochs,
      batch: choices.batch ?? defaults.batch,
      seed: choices.seed ?? 0,
      memory: choices.memory ?? 'reversible',
      augmentation: choices.augmentation ?? defaults.augmentation,
      learningRate: choices.lr ?? defaults.learningRate,
      betas: defaults.betas,
      epsilon: defaults.epsilon,
      weightDecay: defaults.weightDecay,
      clipNorm: defaults.clipNorm,
      images: data.images,
    },
  };
}

/**
 * The plan of a checkpoint whose training goes on; only the number of epochs may be raised.
 * Throws UsageError that names the option that contradicts it, DataError for another set of pictures.
 */
export function resumedPlan(file: string, checkpoint: Checkpoint, choices: TrainingChoices, data: PlannedData): TrainingPlan {
  const { config, category, training } = checkpoint;
  if (!training) throw new PyramidFlowError('CheckpointError', `${file} holds no training state`, 'train a new model');
  const settings = training.settings as unknown as TrainingSettings;
  const stored: Record<string, unknown> = { ...config, ...settings, lr: settings.learningRate, size: formatSize(config), category };
  const chosen: Record<string, unknown> = {
    ...given({ ...choices, epochs: undefined }),
    ...(choices.size && { size: formatSize(modelSize(choices.size, data.first, config.levels).size) }),
    category: data.category,
  };
  for (const [name, value] of Object.entries(chosen)) {
    if (value !== stored[name]) {
      throw new PyramidFlowError('UsageError', `--${name} ${value} contradicts ${file}, which has ${stored[name]}`, 'leave it out, or train a new model');
    }
  }
  if (data.images !== settings.images) {
    const problem = `the data set has ${data.images} training pictures, ${file} was trained on ${settings.images}`;
    throw new PyramidFlowError('DataError', problem, 'resume with the same pictures, or train a new model');
  }
  const epochs = choices.epochs ?? settings.epochs;
  if (epochs < training.log.length) {
    const problem = `--epochs ${epochs} is less than the ${training.log.length} epochs that ${file} has behind it`;
    throw new PyramidFlowError('UsageError', problem, 'give more, or leave it out');
  }
  return { config, category, settings: { ...settings, epochs } };
}

/** The choices that were made: those that are not undefined. */
function given(choices: TrainingChoices): TrainingChoices {
  return Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined));
}

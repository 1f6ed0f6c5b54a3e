import { type Augmentation, type MemoryMode, type TrainingSettings, type VolumeNorm, settingsFor } from '../data/settings';
import { PyramidFlowError } from '../errors';
import type { Checkpoint } from '../model/checkpoint';
import type { PyramidFlowConfig } from '../model/config';
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

/**
 * A plan from the user's choices, completed by the category's settings. `notice` hears of a size that had to be
 * changed.
 */
export function newPlan(choices: TrainingChoices, data: PlannedData, notice: (text: string) => void): TrainingPlan {
  const defaults = settingsFor(data.category);
  const { channels, levels, stacks, kernel, norm } = { ...defaults, ...given(choices) };
  const { size, adjusted } = modelSize(choices.size ?? { shorter: defaults.size }, data.first, levels);
  if (adjusted)
    notice(`images are resized to ${formatSize(size)}, the nearest size that ${levels} levels and the FFT can take`);
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

/** Where a plan has what a choice is about. */
const CHOSEN: Readonly<Record<Exclude<keyof TrainingChoices, 'size' | 'epochs'>, (plan: TrainingPlan) => unknown>> = {
  channels: ({ config }) => config.channels,
  levels: ({ config }) => config.levels,
  stacks: ({ config }) => config.stacks,
  kernel: ({ config }) => config.kernel,
  norm: ({ config }) => config.norm,
  batch: ({ settings }) => settings.batch,
  lr: ({ settings }) => settings.learningRate,
  seed: ({ settings }) => settings.seed,
  memory: ({ settings }) => settings.memory,
  augmentation: ({ settings }) => settings.augmentation,
};

/**
 * The plan of a checkpoint whose training goes on; only the number of epochs may be raised.
 * Throws UsageError that names the option that contradicts it, DataError for another set of pictures.
 */
export function resumedPlan(
  file: string,
  { config, category, training }: Checkpoint,
  choices: TrainingChoices,
  data: PlannedData,
): TrainingPlan {
  if (!training) throw new PyramidFlowError('CheckpointError', `${file} holds no training state`, 'train a new model');
  const plan = { config, category, settings: training.settings };
  refuseContradiction(file, plan, choices, data);
  const { images, epochs: planned } = plan.settings;
  if (data.images !== images) {
    const problem = `the data set has ${data.images} training pictures, ${file} was trained on ${images}`;
    throw new PyramidFlowError('DataError', problem, 'resume with the same pictures, or train a new model');
  }
  const epochs = choices.epochs ?? planned;
  if (epochs < training.log.length) {
    const problem = `--epochs ${epochs} is less than the ${training.log.length} epochs that ${file} has behind it`;
    throw new PyramidFlowError('UsageError', problem, 'give more, or leave it out');
  }
  return { ...plan, settings: { ...plan.settings, epochs } };
}

function refuseContradiction(file: string, plan: TrainingPlan, choices: TrainingChoices, data: PlannedData): void {
  const { config, category } = plan;
  const size = choices.size && formatSize(modelSize(choices.size, data.first, config.levels).size);
  const pairs: [name: string, chosen: unknown, stored: unknown][] = [
    ...Object.entries(CHOSEN).map(([name, of]): [string, unknown, unknown] => [
      name,
      choices[name as keyof typeof CHOSEN],
      of(plan),
    ]),
    ['size', size, formatSize(config)],
    ['category', data.category, category],
  ];
  for (const [name, chosen, stored] of pairs) {
    if (chosen === undefined || chosen === stored) continue;
    const problem = `--${name} ${chosen} contradicts ${file}, which has ${stored}`;
    throw new PyramidFlowError('UsageError', problem, 'leave it out, or train a new model');
  }
}

/** The choices that were made: those that are not undefined. */
function given(choices: TrainingChoices): TrainingChoices {
  return Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined));
}

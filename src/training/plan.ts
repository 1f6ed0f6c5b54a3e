import { type Augmentation, type MemoryMode, type TrainingSettings, type VolumeNorm, settingsFor } from '../pyramidflow/settings';
import { PyramidFlowError } from '../core/errors';
import type { Checkpoint, ManifestEntry } from '../checkpoint/checkpoint';
import type { PyramidFlowConfig } from '../pyramidflow/config';
import { requireSameData } from './data-change';
import { type Size, type SizeRequest, formatSize, modelSize } from '../image/size';

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

/** What may be chosen where training goes on. */
export interface ResumeChoices extends TrainingChoices {
  /** the training images may be others than before */
  readonly dataChanged?: 'ok';
}

export interface TrainingPlan {
  readonly config: PyramidFlowConfig;
  readonly category: string;
  readonly settings: TrainingSettings;
}

/** The data that a plan is for: the size of the first image, how many there are, and which where this is known. */
export interface PlannedData {
  readonly category: string;
  readonly first: Size;
  readonly images: number;
  readonly manifest?: readonly ManifestEntry[];
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
 * The plan of a checkpoint whose training goes on; only the number of epochs may be raised. `notice` hears of images that
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
  const plan = { config, category, settings: training.settings };
  refuseContradiction(file, plan, choices, data);
  requireSameData(file, { images: plan.settings.images, manifest }, data.manifest, choices.dataChanged === 'ok', notice);
  const epochs = choices.epochs ?? plan.settings.epochs;
  if (epochs < training.log.length) {
    const chosen = epochs === 1 ? '1 epoch is' : `${epochs} epochs are`;
    const problem = `${chosen} less than the ${training.log.length} that ${file} has behind it`;
    const details = { settings: ['epochs'] };
    throw new PyramidFlowError('UsageError', problem, 'give more epochs, or leave them out', { details });
  }
  return { ...plan, settings: { ...plan.settings, epochs, images: data.images } };
}

/** Names of settings in words, where the name is none. */
const WORDS: Readonly<Record<string, string>> = { lr: 'learning rate' };

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
    const problem = `${WORDS[name] ?? name} ${chosen} contradicts ${file}, which has ${stored}`;
    const details = { settings: [name] };
    throw new PyramidFlowError('UsageError', problem, 'leave it out, or train a new model', { details });
  }
}

/** The choices that were made: those that are not undefined. */
function given(choices: TrainingChoices): TrainingChoices {
  return Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined));
}

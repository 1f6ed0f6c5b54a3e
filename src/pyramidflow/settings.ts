import { ADAM_DEFAULTS, type AdamSettings } from '../autograd/adam';
import type { PyramidFlowConfig } from './config';

export type Augmentation = 'none' | 'dihedral';
/** `reversible` rebuilds activations from the output, `plain` keeps them; both compute the same gradients. */
export type MemoryMode = 'reversible' | 'plain';

/** How a model is trained: one type from the command line to the model file. */
export interface TrainingSettings extends AdamSettings {
  /** passes over the training images, at least 1 */
  readonly epochs: number;
  /** images a step, at least 2: the loss compares pairs */
  readonly batch: number;
  /** start of all random numbers, a whole number of at least 0 */
  readonly seed: number;
  readonly memory: MemoryMode;
  /** flips and quarter turns, or none */
  readonly augmentation: Augmentation;
}

/** The shape of a network; its height and width follow from the images. */
export type NetworkSettings = Omit<PyramidFlowConfig, 'height' | 'width'>;

/** All settings of a category. */
export interface Settings extends NetworkSettings, TrainingSettings {
  /** pixels to which the shorter side of an image is resized */
  readonly size: number;
}

/** As the authors released them (their config and supplement). */
const DEFAULTS: Settings = {
  size: 256,
  channels: 16,
  levels: 4,
  stacks: 4,
  kernel: 7,
  norm: 'CVN',
  augmentation: 'none',
  epochs: 15,
  batch: 2,
  seed: 0,
  memory: 'reversible',
  ...ADAM_DEFAULTS,
};

/** Where a category of MVTec AD departs from the defaults. Textures have no upright side, objects have one. */
const CATEGORIES: Record<string, Partial<Settings>> = {
  bottle: { norm: 'SVN' },
  carpet: { norm: 'SVN', levels: 8, augmentation: 'dihedral' },
  grid: { norm: 'SVN', augmentation: 'dihedral' },
  leather: { augmentation: 'dihedral' },
  metal_nut: { levels: 8 },
  screw: { levels: 2 },
  tile: { augmentation: 'dihedral' },
  transistor: { norm: 'SVN', levels: 8 },
  wood: { augmentation: 'dihedral' },
};

/** The settings released for a category; the defaults for one the authors did not have. */
export function settingsFor(category: string): Settings {
  return { ...DEFAULTS, ...(Object.hasOwn(CATEGORIES, category) ? CATEGORIES[category] : {}) };
}

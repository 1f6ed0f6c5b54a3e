import { ADAM_DEFAULTS, type AdamSettings } from '../autograd/adam';
import type { PyramidFlowConfig } from './config';

/** `dihedral`: random flips and quarter turns. */
export type Augmentation = 'none' | 'dihedral';
/** `reversible` recomputes activations from the output, `plain` keeps them. Both compute the same gradients. */
export type MemoryMode = 'reversible' | 'plain';

/** How a model is trained: one type, from the command line to the model file. */
export interface TrainingSettings extends AdamSettings {
  /** passes over the training images, at least 1; default 15 */
  readonly epochs: number;
  /** images per step, at least 2, since the loss compares pairs; default 2 */
  readonly batch: number;
  /** of all random numbers, a whole number of at least 0; default 0 */
  readonly seed: number;
  /** default `reversible` */
  readonly memory: MemoryMode;
  /** default `none`; `dihedral` for the textures of MVTec AD */
  readonly augmentation: Augmentation;
}

/** The architecture of a network, whose height and width follow from the images. */
export type NetworkSettings = Omit<PyramidFlowConfig, 'height' | 'width'>;

/** All settings of a category. */
export interface Settings extends NetworkSettings, TrainingSettings {
  /** of the shorter side of an image, to which it is resized, in pixels; default 256 */
  readonly size: number;
}

/** The settings that the authors released (their configuration and supplement). */
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

/** Deviations from the defaults, by category of MVTec AD. Textures have no upright side, so they are augmented; objects have one. */
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

/** The released settings of a category of MVTec AD; the defaults for any other name. */
export function settingsFor(category: string): Settings {
  return { ...DEFAULTS, ...(Object.hasOwn(CATEGORIES, category) ? CATEGORIES[category] : {}) };
}

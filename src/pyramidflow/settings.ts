export type VolumeNorm = 'CVN' | 'SVN';
export type Augmentation = 'none' | 'dihedral';
/** `reversible` rebuilds activations from the output, `plain` keeps them; both compute the same gradients. */
export type MemoryMode = 'reversible' | 'plain';

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
  /** number of training images */
  readonly images: number;
}

/** What to train with, as the authors released it (their config and supplement); see DESIGN.md for the departures. */
export interface Settings {
  /** Side in pixels to which the shorter side of an image is resized. */
  size: number;
  channels: number;
  levels: number;
  stacks: number;
  kernel: number;
  norm: VolumeNorm;
  augmentation: Augmentation;
  epochs: number;
  batch: number;
  learningRate: number;
  /** Adam's two decay rates. */
  betas: readonly [number, number];
  epsilon: number;
  weightDecay: number;
  /** Largest norm of all gradients together. */
  clipNorm: number;
}

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
  learningRate: 2e-4,
  betas: [0.5, 0.9],
  epsilon: 1e-4,
  weightDecay: 1e-5,
  clipNorm: 1,
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

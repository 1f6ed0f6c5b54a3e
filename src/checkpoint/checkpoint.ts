import type { OptimizerState } from '../autograd/adam';
import type { Normalization } from '../ops/preprocess';
import type { PyramidFlowConfig } from '../pyramidflow/config';
import type { TrainingSettings } from '../pyramidflow/settings';
import type { NamedTensors } from '../pyramidflow/tensors';

/** One finished epoch of training. */
export interface EpochLog {
  readonly epoch: number;
  /** means over the steps of the epoch */
  readonly loss: number;
  readonly gradientNorm: number;
  /** max |inverse(forward(x)) - x| over the pyramid that enters the chain, on the last batch */
  readonly reconstructionError: number;
}

/** What resuming needs besides the weights. */
export interface TrainingState {
  readonly log: readonly EpochLog[];
  /** of the generator that shuffles and augments, after the last finished epoch */
  readonly random: readonly number[];
  readonly optimizer: OptimizerState;
}

/** A training and how it is done. */
export interface TrainingRecord extends TrainingState {
  readonly settings: TrainingSettings;
  /** number of training images */
  readonly images: number;
}

/** One training image as it was when training began; a resumed training compares its images with it. */
export interface ManifestEntry {
  /** path relative to the data set, with '/' between folders */
  readonly name: string;
  /** size of the file */
  readonly bytes: number;
  /** of the file's contents, 64 hexadecimal digits */
  readonly sha256: string;
}

/** Everything in a checkpoint file. */
export interface Checkpoint {
  readonly config: PyramidFlowConfig;
  readonly category: string;
  readonly normalization: Normalization;
  readonly tensors: NamedTensors;
  /** one latent a level, (1, C, H, W); absent while training is not finished */
  readonly template?: readonly Float32Array[];
  /** images that score above it are called defective; from the scores of the good training images */
  readonly threshold?: number;
  readonly training?: TrainingRecord;
  /** the training images, in their order; absent in files of older versions and of a page */
  readonly manifest?: readonly ManifestEntry[];
  /** SHA-256 of the file's data, as it was compared when the file was read; absent in files of older versions */
  readonly checksum?: string;
}

import { PyramidFlowError } from '../errors';
import { type Shape, elements } from '../tensor/tensor';
import { type PyramidFlowConfig, checkConfig } from './config';
import { type NamedTensors, tensorShapes } from './initialize';
import { readSafetensors, writeSafetensors } from './safetensors';

const FORMAT = 'pyramidflow-1';
const OPTIMIZER = ['optimizer.first_moment', 'optimizer.second_moment'] as const;

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
  readonly settings: Readonly<Record<string, unknown>>;
  readonly log: readonly EpochLog[];
  /** of the generator that shuffles and augments, after the last finished epoch */
  readonly random: readonly number[];
  readonly optimizerSteps: number;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** One training image as it was when training began; what a resumed training compares its images with. */
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
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly tensors: NamedTensors;
  /** one latent a level, (1, C, H, W); absent while training is not finished */
  readonly template?: readonly Float32Array[];
  /** images that score above it are called defective; from the scores of the good training images */
  readonly threshold?: number;
  readonly training?: TrainingState;
  /** the training images, in their order; absent in files of older versions and of a page */
  readonly manifest?: readonly ManifestEntry[];
}

/** The file's bytes: equal checkpoints give equal bytes. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { config, category, normalization, tensors, template, threshold, training } = checkpoint;
  const entries = new Map<string, { dtype: 'F32'; shape: number[]; data: Float32Array }>();
  const put = (name: string, shape: Shape, data: Float32Array) => entries.set(name, { dtype: 'F32', shape: [...shape], data });
  for (const [name, { shape, data }] of tensors) put(name, shape, data);
  template?.forEach((data, i) => put(`template.${i}`, latentShape(config, i), data));
  const metadata: Record<string, string> = {
    format: FORMAT,
    config: JSON.stringify(config),
    category,
    normalization: JSON.stringify(normalization),
  };
  if (threshold !== undefined) metadata.threshold = JSON.stringify(threshold);
  if (training) {
    const { firstMoment, secondMoment, ...rest } = training;
    metadata.training = JSON.stringify(rest);
    [firstMoment, secondMoment].forEach((data, i) => put(OPTIMIZER[i], [data.length], data));
  }
  return writeSafetensors(entries, metadata);
}

/** Reads a checkpoint and checks all of it. Throws CheckpointError that names what does not fit. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.format !== FORMAT) {
    throw damaged(`its format is ${metadata.format ?? 'not stated'}, not ${FORMAT}`, 'give a file that `pyramidflow train` wrote');
  }
  const config = parse<PyramidFlowConfig>(metadata, 'config');
  checkConfig(config);
  const take = (name: string, shape: Shape): Float32Array => {
    const found = tensors.get(name);
    if (!found) throw damaged(`the tensor ${name} is missing`);
    if (found.dtype !== 'F32') throw damaged(`the tensor ${name} is ${found.dtype}, not F32`);
    if (`${found.shape}` !== `${shape}`) throw damaged(`the tensor ${name} is [${found.shape}], its configuration needs [${shape}]`);
    const data = found.data as Float32Array;
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw damaged(`the tensor ${name} holds ${data[bad]} at ${bad}`);
    return data;
  };
  const named: NamedTensors = new Map();
  for (const [name, { shape }] of tensorShapes(config)) named.set(name, { shape, data: take(name, shape) });
  const levels = Array.from({ length: config.levels }, (_, i) => i);
  const hasTemplate = tensors.has('template.0');
  return {
    config,
    category: metadata.category ?? '',
    normalization: parse(metadata, 'normalization'),
    tensors: named,
    template: hasTemplate ? levels.map((i) => take(`template.${i}`, latentShape(config, i))) : undefined,
    threshold: metadata.threshold === undefined ? undefined : parse<number>(metadata, 'threshold'),
    training: metadata.training === undefined ? undefined : trainingState(metadata, config, take),
  };
}

/** (1, C, H / 2^level, W / 2^level). */
export function latentShape({ channels, height, width }: PyramidFlowConfig, level: number): number[] {
  return [1, channels, height >> level, width >> level];
}

function trainingState(
  metadata: Record<string, string>,
  config: PyramidFlowConfig,
  take: (name: string, shape: Shape) => Float32Array,
): TrainingState {
  const trained = [...tensorShapes(config).values()].filter((entry) => entry.trained);
  const size = trained.reduce((sum, { shape }) => sum + Math.ceil(elements(shape) / 64) * 64, 0);
  const [firstMoment, secondMoment] = OPTIMIZER.map((name) => take(name, [size]));
  return { ...parse<Omit<TrainingState, 'firstMoment' | 'secondMoment'>>(metadata, 'training'), firstMoment, secondMoment };
}

function parse<T>(metadata: Record<string, string>, key: string): T {
  try {
    return JSON.parse(metadata[key]) as T;
  } catch (cause) {
    throw damaged(`its ${key} cannot be read`, undefined, cause);
  }
}

function damaged(problem: string, remedy = 'use an undamaged checkpoint', cause?: unknown): PyramidFlowError {
  return new PyramidFlowError('CheckpointError', `this checkpoint does not fit: ${problem}`, remedy, { cause });
}

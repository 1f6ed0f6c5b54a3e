import type { PyramidFlowError } from '../core/errors';
import { checkConfig, type PyramidFlowConfig } from '../pyramidflow/config';
import type { TrainingSettings } from '../pyramidflow/settings';
import { type Check, damaged, fields, list, matching, number, oneOf, text } from './checked';
import type { Checkpoint, EpochLog, ManifestEntry, TrainingRecord } from './checkpoint';

/** What the metadata of a checkpoint says; its tensors hold the rest. */
export interface CheckpointMetadata
  extends Pick<Checkpoint, 'config' | 'category' | 'normalization' | 'threshold' | 'manifest'> {
  readonly training?: TrainingMetadata;
}

interface TrainingMetadata extends Omit<TrainingRecord, 'optimizer'> {
  readonly optimizerSteps: number;
}

const whole = (least: number) => number({ least, whole: true });

const config: Check<PyramidFlowConfig> = fields({
  channels: whole(1),
  levels: whole(1),
  stacks: whole(1),
  kernel: whole(1),
  norm: oneOf('CVN', 'SVN'),
  height: whole(1),
  width: whole(1),
});

const normalization: Check<Checkpoint['normalization']> = fields({
  mean: list(number({ least: -10, most: 10 }), 3) as Check<[number, number, number]>,
  std: list(number({ least: 1e-3, most: 1e3 }), 3) as Check<[number, number, number]>,
});

const epoch: Check<EpochLog> = fields({
  epoch: whole(1),
  loss: number(),
  gradientNorm: number({ least: 0 }),
  reconstructionError: number({ least: 0 }),
});

const decay = number({ least: 0, most: 1 });

/** Training settings, wherever they come from. */
export const trainingSettings: Check<TrainingSettings> = fields({
  epochs: whole(1),
  batch: whole(2),
  seed: whole(0),
  memory: oneOf('reversible', 'plain'),
  augmentation: oneOf('none', 'dihedral'),
  learningRate: number({ above: 0 }),
  betas: list(decay, 2) as Check<[number, number]>,
  epsilon: number({ above: 0 }),
  weightDecay: number({ least: 0 }),
  clipNorm: number({ above: 0 }),
});

const training: Check<TrainingMetadata> = fields({
  settings: trainingSettings,
  images: whole(1),
  log: list(epoch),
  random: list(number({ least: 0, most: 2 ** 32 - 1, whole: true }), 4),
  optimizerSteps: whole(0),
});

/** The old format counts the images among the settings. */
const oldTraining: Check<TrainingMetadata> = (value, at) => {
  const { settings } = fields({ settings: fields({ images: whole(1) }) })(value, at);
  return training({ ...(value as object), images: settings.images }, at);
};

const manifestRow: Check<ManifestEntry> = (value, at) => {
  const [name, bytes, sha256] = list((item: unknown) => item, 3)(value, at);
  return {
    name: text(name, `${at}[0]`),
    bytes: whole(0)(bytes, `${at}[1]`),
    sha256: matching(/^[0-9a-f]{64}$/, '64 hexadecimal digits')(sha256, `${at}[2]`),
  };
};

/** Checks every field, and what the fields say of each other. Throws CheckpointError that names the field. */
export function readMetadata(metadata: Readonly<Record<string, string>>, oldFormat = false): CheckpointMetadata {
  const take = <T>(key: string, check: Check<T>): T | undefined => {
    const json = metadata[key];
    return json === undefined ? undefined : check(parse(key, json), key);
  };
  const required = <T>(key: string, check: Check<T>): T => take(key, check) ?? check(undefined, key);
  const checked = {
    config: required('config', config),
    category: metadata.category ?? '',
    normalization: required('normalization', normalization),
    threshold: take('threshold', number({ above: 0 })),
    training: take('training', oldFormat ? oldTraining : training),
    manifest: take('manifest', list(manifestRow)),
  };
  buildable(checked.config);
  if (checked.training) consistent(checked.training, checked.manifest);
  return checked;
}

function parse(key: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw damaged(`${key} cannot be read: ${(cause as Error).message}`);
  }
}

function buildable(given: PyramidFlowConfig): void {
  try {
    checkConfig(given);
  } catch (cause) {
    throw damaged(`config: ${(cause as PyramidFlowError).problem}`);
  }
}

function consistent(state: TrainingMetadata, manifest: CheckpointMetadata['manifest']): void {
  const { images, log, random, optimizerSteps } = state;
  const { epochs, batch } = state.settings;
  const steps = log.length * Math.floor(images / batch);
  const misplaced = log.findIndex(({ epoch }, i) => epoch !== i + 1);
  if (misplaced >= 0)
    throw damaged(`training.log[${misplaced}].epoch is ${log[misplaced]!.epoch}, expected ${misplaced + 1}`);
  if (log.length > epochs) throw damaged(`training.log has ${log.length} epochs, training.settings.epochs is ${epochs}`);
  if (images < batch) throw damaged(`training.images is ${images}, less than one batch of ${batch}`);
  if (optimizerSteps < log.length || (steps === 0) !== (optimizerSteps === 0)) {
    throw damaged(`training.optimizerSteps is ${optimizerSteps} after ${log.length} epochs`);
  }
  if (manifest && manifest.length !== images)
    throw damaged(`manifest has ${manifest.length} images, training.images is ${images}`);
  if (random.every((word) => word === 0)) throw damaged('training.random is [0,0,0,0], which no generator reaches');
}

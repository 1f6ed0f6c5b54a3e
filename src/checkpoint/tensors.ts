import type { Safetensor } from '../core/safetensors';
import { latentShape, type PyramidFlowConfig } from '../pyramidflow/config';
import { type NamedTensors, tensorShapes } from '../pyramidflow/tensors';
import { elements, type Shape } from '../tensor/tensor';
import { damaged } from './checked';
import type { Checkpoint, TrainingRecord } from './checkpoint';
import type { CheckpointMetadata } from './metadata';

type Entries = ReadonlyMap<string, Safetensor>;

/** Optimizer's moments: PREFIX.NAME OF THE PARAMETER; in the old format PREFIX alone, for all parameters. */
export const FIRST = 'optimizer.first_moment';
export const SECOND = 'optimizer.second_moment';
const OLD_ALIGNMENT = 64; // each parameter's moments were filled up with zeros to a multiple of it

/** Larger values come from damage or from training that diverged, and soon overflow float32. */
const LARGEST = 1e6;

interface CheckpointTensors {
  readonly tensors: NamedTensors;
  readonly template: Checkpoint['template'];
  readonly training: Checkpoint['training'];
}

/**
 * The tensors that the metadata calls for: each is there, of its shape, with values that a model can have, and no other is.
 * Throws CheckpointError that names the tensor.
 */
export function readTensors(
  { config, threshold, training }: CheckpointMetadata,
  entries: Entries,
  oldFormat: boolean,
): CheckpointTensors {
  const left = new Set(entries.keys());
  const take = (name: string, shape: Shape): Float32Array => {
    left.delete(name);
    return checkedData(name, entries.get(name), shape);
  };
  const shapes = tensorShapes(config);
  const tensors: NamedTensors = new Map([...shapes].map(([name, { shape }]) => [name, { shape, data: take(name, shape) }]));
  for (const [name, { data }] of tensors) checkFixed(name, data, config);
  const levels = Array.from({ length: config.levels }, (_, i) => i);
  const hasTemplate = levels.some((i) => entries.has(`template.${i}`));
  if (threshold !== undefined && !hasTemplate) throw damaged('there is a threshold, but no template');
  const template = hasTemplate ? levels.map((i) => take(`template.${i}`, latentShape(config, i))) : undefined;
  const trained = [...shapes].filter(([, entry]) => entry.trained).map(([name, { shape }]) => ({ name, shape }));
  const moments = oldFormat ? takeOldMoments : takeMoments;
  const state = training && withMoments(training, moments(FIRST, trained, take), moments(SECOND, trained, take));
  if (left.size) throw damaged(`the tensor ${[...left][0]} does not belong to this model`);
  return { tensors, template, training: state };
}

type Take = (name: string, shape: Shape) => Float32Array;
type Moments = Map<string, Float32Array>;

function takeMoments(prefix: string, trained: readonly { name: string; shape: Shape }[], take: Take): Moments {
  return new Map(trained.map(({ name, shape }) => [name, take(`${prefix}.${name}`, shape)]));
}

function takeOldMoments(prefix: string, trained: readonly { name: string; shape: Shape }[], take: Take): Moments {
  const padded = (shape: Shape) => Math.ceil(elements(shape) / OLD_ALIGNMENT) * OLD_ALIGNMENT;
  const all = take(prefix, [trained.reduce((sum, { shape }) => sum + padded(shape), 0)]);
  const moments: Moments = new Map();
  let start = 0;
  for (const { name, shape } of trained) {
    moments.set(name, all.subarray(start, start + elements(shape)));
    start += padded(shape);
  }
  return moments;
}

function withMoments(
  training: NonNullable<CheckpointMetadata['training']>,
  first: Moments,
  second: Moments,
): TrainingRecord {
  for (const [name, data] of second) {
    const at = data.findIndex((value) => value < 0);
    if (at >= 0) throw damaged(`${SECOND} of ${name} holds ${data[at]} at ${at}, expected no negative value`);
  }
  const { optimizerSteps: steps, ...rest } = training;
  return { ...rest, optimizer: { steps, first, second } };
}

function checkedData(name: string, found: Safetensor | undefined, shape: Shape): Float32Array {
  if (!found) throw damaged(`the tensor ${name} is missing`);
  if (found.dtype !== 'F32') throw damaged(`the tensor ${name} is ${found.dtype}, expected F32`);
  if (`${found.shape}` !== `${shape}`)
    throw damaged(`the tensor ${name} is [${found.shape}], its configuration needs [${shape}]`);
  const data = found.data as Float32Array;
  const bad = data.findIndex((value) => !(Math.abs(value) <= LARGEST));
  if (bad >= 0) throw damaged(`the tensor ${name} holds ${data[bad]} at ${bad}, expected a value of at most ${LARGEST}`);
  return data;
}

/** What a mixing matrix is made of besides its trained factors: a permutation, and signs. */
function checkFixed(name: string, data: Float32Array, { channels }: PyramidFlowConfig): void {
  if (name.endsWith('.sign') && !data.every((value) => Math.abs(value) === 1))
    throw damaged(`${name} holds values that are not 1 or -1`);
  if (!name.endsWith('.perm')) return;
  const ones = new Set<number>(); // columns
  const rows = Array.from({ length: channels }, (_, row) => data.subarray(row * channels, (row + 1) * channels));
  const right = rows.every(
    (row) => row.every((value) => value === 0 || value === 1) && row.filter((value) => value === 1).length === 1,
  );
  for (const row of rows) ones.add(row.indexOf(1));
  if (!right || ones.size !== channels) throw damaged(`${name} is not a permutation`);
}

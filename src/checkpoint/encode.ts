import { PyramidFlowError } from '../core/errors';
import type { Safetensor } from '../core/safetensors';
import { writeSealed } from '../core/write-sealed';
import { latentShape } from '../pyramidflow/config';
import type { Shape } from '../tensor/tensor';
import type { Checkpoint } from './checkpoint';
import { FORMAT } from './decode';
import { readMetadata } from './metadata';
import { FIRST, readTensors, SECOND } from './tensors';

/**
 * The file's bytes: equal checkpoints give equal bytes. Throws NumericError for what `decodeCheckpoint` would refuse, so that
 * no file is written which cannot be read.
 */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array> {
  const metadata = writeMetadata(checkpoint);
  const tensors = writeTensors(checkpoint);
  try {
    readTensors(readMetadata(metadata), tensors, false);
  } catch (cause) {
    const problem = `the model cannot be written: ${(cause as PyramidFlowError).problem}`;
    const details = { settings: ['learningRate'] };
    throw new PyramidFlowError('NumericError', problem, 'if its training diverged, lower the learning rate', {
      cause,
      details,
    });
  }
  return writeSealed(tensors, { format: FORMAT, ...metadata });
}

/** Metadata as a safetensors file has it: a table of strings, each a name or JSON. */
export function writeMetadata({
  config,
  category,
  normalization,
  threshold,
  training,
  manifest,
}: Checkpoint): Record<string, string> {
  const entries: Record<string, unknown> = { config, normalization, threshold };
  if (training) {
    const { settings, images, log, random, optimizer } = training;
    entries.training = { settings, images, log, random, optimizerSteps: optimizer.steps };
  }
  entries.manifest = manifest?.map(({ name, bytes, sha256 }) => [name, bytes, sha256]);
  const given = Object.entries(entries).filter(([, value]) => value !== undefined);
  return { category, ...Object.fromEntries(given.map(([key, value]) => [key, JSON.stringify(value)])) };
}

/** All tensors of a checkpoint, by the names that its file gives them. */
export function writeTensors({ config, tensors, template, training }: Checkpoint): Map<string, Safetensor> {
  const entries = new Map<string, Safetensor>();
  const put = (name: string, shape: Shape, data: Float32Array) =>
    entries.set(name, { dtype: 'F32', shape: [...shape], data });
  for (const [name, { shape, data }] of tensors) put(name, shape, data);
  template?.forEach((data, i) => put(`template.${i}`, latentShape(config, i), data));
  if (training) {
    const { first, second } = training.optimizer;
    for (const [prefix, moments] of [
      [FIRST, first],
      [SECOND, second],
    ] as const) {
      for (const [name, data] of moments) put(`${prefix}.${name}`, tensors.get(name)!.shape, data);
    }
  }
  return entries;
}

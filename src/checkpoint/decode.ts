import { readSealed } from '../core/checksum';
import { PyramidFlowError } from '../core/errors';
import type { Checkpoint } from './checkpoint';
import { readMetadata } from './metadata';
import { readTensors } from './tensors';

export const FORMAT = 'pyramidflow-2';
/** Without checksums and manifest, and with the moments of all parameters in one tensor. */
const OLD_FORMAT = 'pyramidflow-1';

/** Reads a checkpoint and checks all of it. Throws CheckpointError that names what does not fit. */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  const { tensors, metadata, checksum } = await readSealed(bytes);
  const { format } = metadata;
  if (format !== FORMAT && format !== OLD_FORMAT) {
    const problem = `its format is ${format?.slice(0, 40) ?? 'not stated'}, expected ${FORMAT}`;
    throw new PyramidFlowError('CheckpointError', problem, 'give a model file that this program wrote');
  }
  if (format === FORMAT && checksum === undefined) {
    throw new PyramidFlowError('CheckpointError', 'the file has lost its checksums', 'use another copy of it');
  }
  const checked = readMetadata(metadata, format === OLD_FORMAT);
  return { ...checked, ...readTensors(checked, tensors, format === OLD_FORMAT), checksum };
}

import { readFile } from 'node:fs/promises';
import { PyramidFlowError } from '../errors';
import type { Checkpoint } from '../model/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../model/codec';
import { writeAtomic } from './atomic-file';

/** Reads a model file. Throws CheckpointError with its name where it is missing, damaged or of another kind. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new PyramidFlowError(
      'CheckpointError',
      `${path} cannot be read: ${reason}`,
      'name a file that `pyramidflow train` wrote',
      { cause },
    );
  });
  try {
    return await decodeCheckpoint(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    if (!(cause instanceof PyramidFlowError)) throw cause;
    throw new PyramidFlowError('CheckpointError', `${path}: ${cause.problem}`, cause.remedy, { cause });
  }
}

/** Writes a model file, replacing an older one at once. Throws DataError, NumericError where the model cannot be used. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeAtomic(path, await encodeCheckpoint(checkpoint));
}

import { readFile } from 'node:fs/promises';
import { PyramidFlowError } from '../errors';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../model/checkpoint';
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
    return decodeCheckpoint(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    if (!(cause instanceof PyramidFlowError)) throw cause;
    throw new PyramidFlowError('CheckpointError', `${path}: ${cause.problem}`, cause.remedy, { cause });
  }
}

/** Writes a model file, replacing an older one at once. Throws DataError. */
export const writeCheckpoint = (path: string, checkpoint: Checkpoint): Promise<void> =>
  writeAtomic(path, encodeCheckpoint(checkpoint));

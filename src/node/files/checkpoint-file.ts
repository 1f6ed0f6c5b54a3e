import type { Checkpoint } from '../../checkpoint/checkpoint';
import { decodeCheckpoint } from '../../checkpoint/decode';
import { encodeCheckpoint } from '../../checkpoint/encode';
import { PyramidFlowError } from '../../core/errors';
import { writeAtomic } from './atomic-file';
import { readRegularFile } from './regular-file';

/**
 * Reads a model file and checks every field of it.
 *
 * @param onNotice called for a file that is too old to have a checksum; default a warning of the process
 * @throws CheckpointError with the name of the file where it is missing, damaged or of another kind
 */
export async function readCheckpoint(
  path: string,
  onNotice: (text: string) => void = process.emitWarning,
): Promise<Checkpoint> {
  try {
    const checkpoint = await decodeCheckpoint(await readRegularFile(path));
    if (!checkpoint.checksum) onNotice(`${path} has no checksum, since an older version wrote it: damage may go unnoticed`);
    return checkpoint;
  } catch (cause) {
    if (!(cause instanceof PyramidFlowError)) throw cause;
    const problem = cause.problem.includes(path) ? cause.problem : `${path}: ${cause.problem}`;
    throw new PyramidFlowError('CheckpointError', problem, cause.remedy, { cause });
  }
}

/**
 * Writes a model file. An older one is replaced at once: at any time the file is whole.
 *
 * @throws DataError where it cannot be written, NumericError where a value of the model is not finite
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeAtomic(path, await encodeCheckpoint(checkpoint));
}

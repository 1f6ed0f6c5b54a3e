import type { Checkpoint } from '../../checkpoint/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../../checkpoint/codec';
import { PyramidFlowError } from '../../core/errors';
import { writeAtomic } from './atomic-file';
import { readRegularFile } from './regular-file';

/**
 * Reads a model file and checks it.
 *
 * @param onNotice hears of a file that is too old to have a checksum; default a warning of the process
 * @throws CheckpointError with its name where it is missing, damaged or of another kind
 */
export async function readCheckpoint(
  path: string,
  onNotice: (text: string) => void = process.emitWarning,
): Promise<Checkpoint> {
  try {
    const checkpoint = await decodeCheckpoint(await readRegularFile(path));
    if (!checkpoint.checksum) onNotice(`${path} has no checksum, as files of older versions: damage to it may go unnoticed`);
    return checkpoint;
  } catch (cause) {
    if (!(cause instanceof PyramidFlowError)) throw cause;
    const problem = cause.problem.includes(path) ? cause.problem : `${path}: ${cause.problem}`;
    throw new PyramidFlowError('CheckpointError', problem, cause.remedy, { cause });
  }
}

/** Writes a model file, replacing an older one at once. Throws DataError, NumericError where the model cannot be used. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeAtomic(path, await encodeCheckpoint(checkpoint));
}

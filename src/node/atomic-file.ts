import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PyramidFlowError } from '../errors';

/**
 * Replaces a file at once: whoever reads it sees the old contents or the new, also after a crash, since the new ones
 * are on the disk before they take the name. Throws DataError, and leaves the old file, where they cannot be written.
 */
export async function writeAtomic(path: string, contents: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritable(path, cause);
  }
}

/** Makes the folder of a file that is to be written later, and checks that it takes files. Throws DataError. */
export async function prepareFolderOf(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

function notWritable(path: string, cause: unknown): PyramidFlowError {
  const problem = `${path} cannot be written: ${(cause as Error).message}`;
  return new PyramidFlowError('DataError', problem, 'name a place that you may write to and that has room', { cause });
}

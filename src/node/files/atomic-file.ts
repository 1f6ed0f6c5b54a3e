import { constants } from 'node:fs';
import { access, lstat, mkdir, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PyramidFlowError } from '../../core/errors';
import { removeLeftovers, temporaryName } from './leftovers';
import { specialKind } from './regular-file';

/**
 * Replaces a file at once: readers see the old contents or the new, also after a crash, since the new contents are on the
 * disk before the rename. Throws DataError where they cannot be written; the old file then stays.
 */
export const writeAtomic = (path: string, contents: Uint8Array | string): Promise<void> =>
  replaceFile(path, (temporary) => writeFile(temporary, contents, { flag: 'wx' }));

/** The same for contents that `write` writes to the temporary file it is given. */
export async function replaceFile(path: string, write: (temporary: string) => Promise<unknown>): Promise<void> {
  try {
    const target = await targetOf(path);
    const folder = dirname(target);
    await removeLeftovers(folder);
    const temporary = join(folder, temporaryName());
    try {
      await write(temporary);
      await sync(temporary, 'r+');
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    if (process.platform !== 'win32') await sync(folder, 'r').catch(ignoreUnsupported);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

/** Creates a folder for results if it is missing, and checks that it is writable. Throws DataError. */
export async function prepareFolder(folder: string): Promise<void> {
  await makeFolder(folder).catch((cause) => {
    throw notWritable(folder, cause);
  });
}

/** Creates the folder of a file that is written later, and checks that the file can be. Throws DataError. */
export async function prepareFolderOf(path: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await targetOf(path);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

async function makeFolder(folder: string): Promise<void> {
  const kind = await stat(folder).catch(() => undefined);
  if (kind && !kind.isDirectory()) throw new Error(`${folder} is not a folder`);
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK);
}

/** The file that a path leads to, links followed. Throws where something else than a file is there. */
export async function targetOf(path: string): Promise<string> {
  const target = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (target === undefined) {
    const isLink = await lstat(path).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (isLink) throw new Error('it is a link to a file that does not exist');
    return path;
  }
  const kind = specialKind(await stat(target));
  if (kind) throw new Error(`it is ${kind}`);
  return target;
}

/** The error for a file or folder that cannot be written, with the reason. */
export function notWritable(path: string, cause: unknown): PyramidFlowError {
  const problem = `${path} cannot be written: ${(cause as Error).message}`;
  return new PyramidFlowError('DataError', problem, 'name a writable place with free space', { cause });
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Not every file system or user can sync a folder; the rename holds all the same. */
function ignoreUnsupported(error: NodeJS.ErrnoException): void {
  if (error.code === 'EIO') throw error;
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestEntry } from '../../checkpoint/checkpoint';
import { PyramidFlowError } from '../../core/errors';
import { mapParallel } from '../parallel';
import type { Dataset } from './dataset';

const READS = 8; // files at a time, with one chunk of each in memory
const CHUNK = 2 ** 18;

/**
 * Names, sizes and hashes of the training images, in their order. Names are relative to the category, so that the place
 * and the name of the data set do not matter. Throws DataError for a file that cannot be read or is not a regular one, or
 * the signal's reason.
 */
export async function makeManifest(
  { folder, train }: Dataset,
  category = '',
  signal?: AbortSignal,
): Promise<ManifestEntry[]> {
  const prefix = `${category.replace(/\/+$/, '')}/`;
  const entryOf = async (path: string) => {
    const name = path.startsWith(prefix) ? path.slice(prefix.length) : path;
    return { name, ...(await hashFile(join(folder, path))) };
  };
  return mapParallel(train, READS, entryOf, signal);
}

/** The size and hash of a file's contents, read piece by piece. */
async function hashFile(path: string): Promise<{ bytes: number; sha256: string }> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a regular file'); // a pipe would wait forever
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { bytes, sha256: hash.digest('hex') };
  } catch (cause) {
    const problem = `${path} cannot be read: ${(cause as Error).message}`;
    throw new PyramidFlowError('DataError', problem, 'give regular files that can be read', { cause });
  }
}

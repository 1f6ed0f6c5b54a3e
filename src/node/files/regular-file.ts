import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { PyramidFlowError } from '../../core/errors';

/** The size in bytes of the largest file that is read by default. */
const MAX_BYTES = 2 ** 30;

/**
 * The bytes of a file. Folders, FIFOs, devices and sockets are refused at once: reading them may block forever or never
 * end. Throws DataError with the path, also for a file of more than `maxBytes`.
 */
export const readRegularFile = (path: string, maxBytes = MAX_BYTES): Promise<Uint8Array> =>
  readChecked(path, maxBytes, maxBytes);

/** The first bytes of a file, at most `count`. Throws DataError as `readRegularFile` does. */
export const readStart = (path: string, count: number): Promise<Uint8Array> => readChecked(path, MAX_BYTES, count);

async function readChecked(path: string, maxBytes: number, count: number): Promise<Uint8Array> {
  try {
    requireFile(await stat(path)); // before opening, which may already affect a device
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const opened = await file.stat(); // it may have been replaced in between
      requireFile(opened);
      if (opened.size > maxBytes) throw new Error(`it has ${opened.size} bytes, and at most ${maxBytes} are read`);
      return await readBytes(file, Math.min(count, opened.size));
    } finally {
      await file.close();
    }
  } catch (cause) {
    const problem = `${path} cannot be read: ${reasonOf(cause as NodeJS.ErrnoException)}`;
    throw new PyramidFlowError('DataError', problem, 'name a file that you may read', { cause });
  }
}

/** The kind of a special file, for messages; undefined for a regular file. */
export function specialKind(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO';
  return stats.isSocket() ? 'a socket' : 'a device';
}

function requireFile(stats: Stats): void {
  const kind = specialKind(stats);
  if (kind) throw new Error(`it is ${kind}`);
}

/** At most `size` bytes, also of a file that grows in the meantime. */
async function readBytes(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(size);
  let end = 0;
  while (end < size) {
    const { bytesRead } = await file.read(bytes, end, size - end);
    if (bytesRead === 0) break;
    end += bytesRead;
  }
  return bytes.subarray(0, end);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  ELOOP: 'its links form a loop',
};

const reasonOf = ({ code = '', message }: NodeJS.ErrnoException): string => REASONS[code] ?? message;

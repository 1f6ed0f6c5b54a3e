import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, lstat, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { PyramidFlowError } from '../../core/errors';
import { type Holder, isGone, isHere, parseHolder, thisProcess } from './lock-holder';

/** The exclusive right to write a file. */
export interface FileLock {
  /** To be called when the file is no longer written. */
  release(): void;
}

/** A lock file and its text, which is unique. */
interface LockText {
  readonly path: string;
  readonly text: string;
}

const LONGEST = 4096; // bytes; a longer file is not a lock

/**
 * Makes this process the only one that writes a file, by a lock file beside it that names the process. The lock of a
 * process that is gone is taken over, with a notice. Throws UsageError where another process may be writing the file,
 * DataError where no lock file can be written.
 */
export async function lockFile(file: string, onNotice: (text: string) => void = () => undefined): Promise<FileLock> {
  const key = randomBytes(8).toString('hex');
  const own = { path: `${file}.lock`, text: `${JSON.stringify({ ...thisProcess(), key })}\n` };
  const former = await take(own, file);
  const release = () => {
    process.off('exit', release);
    removeOwn(own);
  };
  process.on('exit', release);
  if (former) {
    onNotice(`process ${former.pid}, which was training ${file} since ${former.since}, is gone: taking over its lock`);
  }
  return { release };
}

/** Takes a lock, if need be from a process that is gone, which is returned. */
async function take(own: LockText, file: string): Promise<Holder | undefined> {
  while (!(await create(own))) {
    const text = await readLock(own.path);
    if (text === undefined) continue; // released just now
    const holder = parseHolder(text);
    if (!holder || !isGone(holder)) throw refusal(file, own.path, holder);
    if (await takeOver(own, text, file)) return holder;
  }
  return undefined;
}

/**
 * Replaces a lock whose process is gone. Of several processes that try, only the one succeeds that holds a second lock,
 * named after the text of the first, and finds the first unchanged. Returns whether it did.
 */
async function takeOver(own: LockText, stale: string, file: string): Promise<boolean> {
  const claim = { ...own, path: `${own.path}.${createHash('sha256').update(stale).digest('hex').slice(0, 8)}` };
  await take(claim, file);
  try {
    if ((await readLock(own.path)) !== stale) return false; // another process was faster, and has released its claim
    await withTemporary(own, (temporary) => rename(temporary, own.path));
    return true;
  } finally {
    removeOwn(claim);
  }
}

/** Creates a lock file. Returns false where there is one already. */
async function create(own: LockText): Promise<boolean> {
  let free = true;
  await withTemporary(own, async (temporary) => {
    free = await unlessExists(link(temporary, own.path)).catch(() => unlessExists(createInPlace(own)));
  });
  return free;
}

async function unlessExists(creation: Promise<void>): Promise<boolean> {
  try {
    await creation;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** For file systems without hard links: others may see the file before it has its text, and then refuse to train. */
async function createInPlace({ path, text }: LockText): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Writes the text of a lock to a temporary file, which `place` gives its name. Throws DataError. */
async function withTemporary({ path, text }: LockText, place: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await place(temporary);
  } catch (cause) {
    const problem = `${path} cannot be written: ${(cause as Error).message}`;
    const remedy = 'name a file in a writable folder with free space';
    throw new PyramidFlowError('DataError', problem, remedy, { cause, details: { settings: ['out'] } });
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** The text of a lock file; undefined where there is none, empty where it cannot be read. */
async function readLock(path: string): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.size <= LONGEST ? await readFile(path, 'utf8') : '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

/** Removes a lock file, if it is still this process's own. */
function removeOwn({ path, text }: LockText): void {
  try {
    if (readFileSync(path, 'utf8') === text) rmSync(path);
  } catch {
    // It is gone already, perhaps with its folder. If it stays, it will be taken over.
  }
}

function refusal(file: string, lock: string, holder: Holder | undefined): PyramidFlowError {
  const refused = (problem: string, remedy: string) =>
    new PyramidFlowError('UsageError', problem, remedy, { details: { settings: ['out'] } });
  if (!holder) {
    const problem = `another process may be training ${file}: ${lock} does not name it`;
    return refused(problem, `name another file or, if no process is training this one, delete ${lock}`);
  }
  const { pid, host, since } = holder;
  const problem = (where: string) => `${file} is already being trained by process ${pid}${where} since ${since}`;
  if (isHere(holder)) return refused(problem(''), 'wait until it ends, or name another file');
  const remedy = `wait until it ends or name another file; if that process has ended, delete ${lock}`;
  return refused(problem(` on ${host}, another machine or container,`), remedy);
}

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, lstat, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { PyramidFlowError } from '../../core/errors';
import { type Holder, isGone, isHere, parseHolder, thisProcess } from './lock-holder';

/** The right to write a file that no other training has at the time. */
export interface FileLock {
  /** To be called when the file will not be written any more. */
  release(): void;
}

/** A lock file and its text, which no other lock has. */
interface Lock {
  readonly path: string;
  readonly text: string;
}

const LONGEST = 4096; // bytes; a longer file is no lock

/**
 * Makes this process the only one that writes a file, by a lock file beside it that says who it is. `notice` hears of the
 * lock of a process that is gone, which is taken over. Throws UsageError where another process may be writing the file,
 * DataError where no lock file can be written.
 */
export async function lockFile(file: string, notice: (text: string) => void = () => undefined): Promise<FileLock> {
  const key = randomBytes(8).toString('hex');
  const own = { path: `${file}.lock`, text: `${JSON.stringify({ ...thisProcess(), key })}\n` };
  const former = await take(own, file);
  const release = () => {
    process.off('exit', release);
    removeOwn(own);
  };
  process.on('exit', release);
  if (former) {
    notice(`process ${former.pid}, which was training ${file} since ${former.since}, is gone: its lock is taken over`);
  }
  return { release };
}

/** Takes a lock, where need be from a process that is gone; returns that one. */
async function take(own: Lock, file: string): Promise<Holder | undefined> {
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
 * Puts a lock in the place of one whose process is gone. Of several processes that found that one, only the one may do so
 * that holds a second lock, named after the text of the first, and finds the first unchanged. Returns whether it did.
 */
async function takeOver(own: Lock, stale: string, file: string): Promise<boolean> {
  const claim = { ...own, path: `${own.path}.${createHash('sha256').update(stale).digest('hex').slice(0, 8)}` };
  await take(claim, file);
  try {
    if ((await readLock(own.path)) !== stale) return false; // another process was faster, and has given its claim back
    await withTemporary(own, (temporary) => rename(temporary, own.path));
    return true;
  } finally {
    removeOwn(claim);
  }
}

/** Makes a lock file. Returns false where there is one already. */
async function create(own: Lock): Promise<boolean> {
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

/** For file systems without hard links: others may see the file before its text is there, and then refuse to train. */
async function createInPlace({ path, text }: Lock): Promise<void> {
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

/** Writes a lock's text to a file that `place` gives its name. Throws DataError. */
async function withTemporary({ path, text }: Lock, place: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await place(temporary);
  } catch (cause) {
    const problem = `${path} cannot be written: ${(cause as Error).message}`;
    const remedy = 'name a file in a folder that you may write to and that has room';
    throw new PyramidFlowError('DataError', problem, remedy, { cause, details: { settings: ['out'] } });
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** The text of a lock file; undefined where there is none, empty where it is none that could be read. */
async function readLock(path: string): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.size <= LONGEST ? await readFile(path, 'utf8') : '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

/** Removes a lock file, if it still is the own one. */
function removeOwn({ path, text }: Lock): void {
  try {
    if (readFileSync(path, 'utf8') === text) rmSync(path);
  } catch {
    // It is gone already, with its folder perhaps. If it stays, it will be taken over.
  }
}

function refusal(file: string, lock: string, holder: Holder | undefined): PyramidFlowError {
  const refused = (problem: string, remedy: string) =>
    new PyramidFlowError('UsageError', problem, remedy, { details: { settings: ['out'] } });
  if (!holder) {
    const problem = `${file} may be in training already: ${lock} does not say by which process`;
    return refused(problem, `name another file or, if no process trains this one, delete ${lock}`);
  }
  const { pid, host, since } = holder;
  const problem = (where: string) => `${file} is in training already, by process ${pid}${where} since ${since}`;
  if (isHere(holder)) return refused(problem(''), 'wait for its end, or name another file');
  const remedy = `wait for its end or name another file; if that process has ended, delete ${lock}`;
  return refused(problem(` on ${host}, another machine or container,`), remedy);
}

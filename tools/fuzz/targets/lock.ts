import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidFlowError } from '../../../src/core/errors';
import type { Random } from '../../../src/core/random';
import { lockFile } from '../../../src/node/files/lock-file';
import { isGone, parseHolder, thisProcess } from '../../../src/node/files/lock-holder';
import { mutatedText, mutateJson } from '../json';
import { chance, mutateBytes, pick } from '../mutate';
import { target } from '../target';

/** No system gives a process this number, so its process is gone. */
const GONE = 2 ** 30;

function generate(random: Random): Uint8Array {
  const own = thisProcess();
  const holder = pick(random, [
    own,
    { ...own, pid: GONE },
    { ...own, pid: GONE, start: undefined },
    { ...own, start: '1' },
    { ...own, host: 'elsewhere' },
    { ...own, namespace: undefined },
  ]);
  const text = new TextEncoder().encode(mutatedText(chance(random, 3) ? holder : mutateJson(holder, random), random));
  return chance(random, 6) ? mutateBytes(text, random) : text;
}

/** Only the lock of a process that is gone may be taken over; any other stays as it is. */
export const lock = target({
  name: 'lock',
  refusals: ['UsageError'],
  generate,
  read: async (bytes, { folder }) => {
    const file = join(folder, 'model');
    await writeFile(`${file}.lock`, bytes);
    try {
      const taken = await lockFile(file);
      const holder = parseHolder(await readFile(`${file}.lock`, 'utf8'));
      taken.release();
      return { holder, left: await readdir(folder) };
    } catch (error) {
      if (error instanceof PyramidFlowError) assert.deepEqual(new Uint8Array(await readFile(`${file}.lock`)), bytes);
      throw error;
    } finally {
      await rm(`${file}.lock`, { force: true });
    }
  },
  check: ({ holder, left }, bytes) => {
    const former = parseHolder(new TextDecoder().decode(bytes));
    assert.ok(former && isGone(former), 'the lock of a process that may live was taken over');
    assert.equal(holder?.pid, process.pid, 'the lock does not name the process that took it');
    assert.deepEqual(
      left.filter((name) => name.startsWith('model')),
      [],
      'a lock was left behind',
    );
  },
});

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../../src/node/files/dataset';
import { makeManifest } from '../../../src/node/files/manifest';
import { assertRejects } from '../../support/assert-rejects';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
const at = (name: string) => join(root, name);

function write(name: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), contents);
}

const LARGE = Uint8Array.from({ length: 1_000_001 }, (_, i) => Math.imul(i, 2654435761) >>> 24); // several chunks
write('set/cap/train/good/a.png', 'abc');
write('set/cap/train/good/b.png', LARGE);
write('set/cap/train/good/c.png', '');
write('set/cap/test/good/d.png', 'not trained on');
const manifestOf = async (folder: string, category?: string) =>
  makeManifest(await openDataset(at(folder), category), category);

test('each training image has its name in the category, its size and the hash of its contents', async () => {
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  assert.equal(await manifestOf('set', 'cap'), [
    { name: 'train/good/a.png', bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    { name: 'train/good/b.png', bytes: LARGE.length, sha256: sha256(LARGE) },
    { name: 'train/good/c.png', bytes: 0, sha256: sha256(new Uint8Array()) },
  ]);
});

test('where the images lie and how they are named on the command line does not matter', async () => {
  const manifest = await manifestOf('set', 'cap');
  assert.equal(await manifestOf('set', 'cap/'), manifest);
  assert.equal(await manifestOf('set/cap'), manifest);
  cpSync(at('set/cap'), at('moved/lid'), { recursive: true });
  assert.equal(await manifestOf('moved', 'lid'), manifest);
  assert.equal(await manifestOf('moved/lid'), manifest);
});

test('one changed byte changes the hash of one image alone', async () => {
  const before = await manifestOf('set/cap');
  const bytes = readFileSync(at('moved/lid/train/good/b.png'));
  bytes[700_000] ^= 1;
  writeFileSync(at('moved/lid/train/good/b.png'), bytes);
  const after = await manifestOf('moved/lid');
  assert.equal([after[0], after[2]], [before[0], before[2]]);
  assert.is.not(after[1].sha256, before[1].sha256);
});

test('a file that is not regular is refused by name, and does not hang', async () => {
  mkdirSync(at('odd/good/folder.png'), { recursive: true });
  await assertRejects(() => manifestOf('odd'), 'DataError', /folder\.png cannot be read: .*regular/);
  rmSync(at('odd/good/folder.png'), { recursive: true });
  if (spawnSync('mkfifo', [at('odd/good/pipe.png')]).status !== 0) return;
  await assertRejects(() => manifestOf('odd'), 'DataError', /pipe\.png cannot be read: .*regular/);
});

test('a missing file is refused by name', async () => {
  const dataset = await openDataset(at('set/cap'));
  await assertRejects(() => makeManifest({ ...dataset, train: ['train/good/z.png'] }), 'DataError', /z\.png cannot be read/);
});

test.run();

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareFolderOf, writeAtomic } from '../../src/node/atomic-file';
import { assertRejects } from '../support/assert-rejects';
import { temporaryFolder } from '../support/temporary';

const root = temporaryFolder();

test('a file is replaced, and nothing else is left behind', async () => {
  const folder = join(root, 'plain');
  mkdirSync(folder);
  await writeAtomic(join(folder, 'model'), 'first');
  await writeAtomic(join(folder, 'model'), Uint8Array.of(1, 2));
  assert.equal([...readFileSync(join(folder, 'model'))], [1, 2]);
  assert.equal(readdirSync(folder), ['model']);
});

test('a file that cannot take its name leaves the old one and no temporary one', async () => {
  const folder = join(root, 'taken');
  mkdirSync(join(folder, 'model', 'inside'), { recursive: true });
  await assertRejects(() => writeAtomic(join(folder, 'model'), 'x'), 'DataError', /taken.model cannot be written/);
  assert.equal(readdirSync(folder), ['model']);
});

test('writers at the same time leave one of their contents, whole', async () => {
  const path = join(root, 'contended');
  const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
  await Promise.all(contents.map((text) => writeAtomic(path, text)));
  assert.ok(contents.includes(readFileSync(path, 'utf8')));
});

test('the folder of a file is made, and refused where it cannot be', async () => {
  await prepareFolderOf(join(root, 'new/deep/model'));
  assert.equal(readdirSync(join(root, 'new/deep')), []);
  writeFileSync(join(root, 'file'), '');
  await assertRejects(() => prepareFolderOf(join(root, 'file/model')), 'DataError', /file.model cannot be written/);
});

test.run();

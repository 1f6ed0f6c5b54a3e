import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findInputs } from '../../../src/node/files/input-files';
import { assertRejects } from '../../support/assert-rejects';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
for (const name of [
  'a/1.png',
  'a/1.jpg',
  'a/2.PNG',
  'a/deep/1.png',
  'a/.hidden/3.png',
  'a/notes.txt',
  'b/1.png',
  'empty/x.txt',
]) {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), '');
}
const at = (...names: string[]) => names.map((name) => join(root, name));

/** Where each input lies below the root, and its name. */
async function found(inputs: string[], results = join(root, 'out')): Promise<Record<string, string>> {
  const files = await findInputs(inputs, results);
  return Object.fromEntries(files.map(({ path, name }) => [relative(root, path), name]));
}

test('a folder gives its images with the folders below it; equal names keep their extension', async () => {
  assert.equal(await found(at('a')), {
    'a/1.jpg': '1.jpg',
    'a/1.png': '1.png',
    'a/2.PNG': '2',
    'a/deep/1.png': 'deep/1',
  });
});

test('names start below what all inputs have in common, and no two are equal', async () => {
  assert.equal(await found(at('a/deep', 'b/1.png')), { 'a/deep/1.png': 'a/deep/1', 'b/1.png': 'b/1' });
});

test('a file is taken as it is, and once', async () => {
  assert.equal(await found(at('a/notes.txt', 'a/2.PNG', 'a/2.PNG')), { 'a/notes.txt': 'notes.txt', 'a/2.PNG': '2' });
});

test('results of an earlier run are not taken as inputs', async () => {
  assert.equal(await found(at('a'), join(root, 'a/deep')), { 'a/1.jpg': '1.jpg', 'a/1.png': '1.png', 'a/2.PNG': '2' });
});

test('a missing file or a folder without images is refused', async () => {
  await assertRejects(() => findInputs(at('c.png'), root), 'DataError', /c\.png does not exist/);
  await assertRejects(() => findInputs(at('empty'), root), 'DataError', /empty holds no images/);
});

test.run();

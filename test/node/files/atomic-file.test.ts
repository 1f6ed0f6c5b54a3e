import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareFolder, prepareFolderOf, writeAtomic } from '../../../src/node/files/atomic-file';
import { writePng } from '../../../src/node/files/image-file';
import { temporaryName } from '../../../src/node/files/leftovers';
import { assertRejects } from '../../support/assert-rejects';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();

test('a file is replaced, and nothing else is left behind', async () => {
  const folder = join(root, 'plain');
  mkdirSync(folder);
  await writeAtomic(join(folder, 'model'), 'first');
  await writeAtomic(join(folder, 'model'), Uint8Array.of(1, 2));
  assert.equal([...readFileSync(join(folder, 'model'))], [1, 2]);
  assert.equal(readdirSync(folder), ['model']);
});

test('if the rename fails, the old file stays and no temporary file is left', async () => {
  const folder = join(root, 'taken');
  mkdirSync(join(folder, 'model', 'inside'), { recursive: true });
  await assertRejects(() => writeAtomic(join(folder, 'model'), 'x'), 'DataError', /taken.model cannot be written/);
  assert.equal(readdirSync(folder), ['model']);
});

test('simultaneous writers leave the whole contents of one of them', async () => {
  const path = join(root, 'contended');
  const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
  await Promise.all(contents.map((text) => writeAtomic(path, text)));
  assert.ok(contents.includes(readFileSync(path, 'utf8')));
});

test('the folder of a file is created; if it cannot be, the write is refused', async () => {
  await prepareFolderOf(join(root, 'new/deep/model'));
  assert.equal(readdirSync(join(root, 'new/deep')), []);
  writeFileSync(join(root, 'file'), '');
  await assertRejects(() => prepareFolderOf(join(root, 'file/model')), 'DataError', /file.model cannot be written/);
});

function newFolder(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  return folder;
}

test('unfinished files of killed runs are removed, and no others', async () => {
  const folder = newFolder('leftovers');
  const { pid: gone } = spawnSync(process.execPath, ['-e', '']);
  const of = (pid: number) => temporaryName().replace(`-${process.pid}-`, `-${pid}-`);
  const otherHost = of(gone).replace(/^\.[0-9a-f]{8}/, '.00000000');
  const kept = [of(process.ppid), temporaryName(), otherHost, 'model.1234abcd.tmp', '.x.pyramidflow.tmp'];
  for (const name of [...kept, of(gone), of(gone)]) writeFileSync(join(folder, name), 'half');
  await writeAtomic(join(folder, 'model'), 'new');
  assert.equal(readdirSync(folder).sort(), [...kept, 'model'].sort());
});

test('a link stays a link: the file that it points to is replaced', async () => {
  const folder = newFolder('links');
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real/model'), 'old');
  symlinkSync('real/model', join(folder, 'inner'));
  symlinkSync('inner', join(folder, 'outer'));
  await prepareFolderOf(join(folder, 'outer'));
  await writeAtomic(join(folder, 'outer'), 'new');
  assert.ok(lstatSync(join(folder, 'outer')).isSymbolicLink() && lstatSync(join(folder, 'inner')).isSymbolicLink());
  assert.is(readFileSync(join(folder, 'real/model'), 'utf8'), 'new');
  assert.equal(readdirSync(join(folder, 'real')), ['model']);
});

test('a link to nothing is refused and left alone', async () => {
  const folder = newFolder('dangling');
  symlinkSync('nothing', join(folder, 'model'));
  for (const work of [prepareFolderOf, (path: string) => writeAtomic(path, 'x')]) {
    await assertRejects(() => work(join(folder, 'model')), 'DataError', /model cannot be written.*link/);
  }
  assert.equal(readdirSync(folder), ['model']);
});

test('something that is not a file is refused, and its kind named', async () => {
  const folder = newFolder('kinds');
  mkdirSync(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  for (const [path, kind] of [
    [join(folder, 'folder'), /a folder/],
    [join(folder, 'fifo'), /a FIFO/],
    ['/dev/null', /a device/],
  ] as const) {
    await assertRejects(() => prepareFolderOf(path), 'DataError', kind);
    await assertRejects(() => writeAtomic(path, 'x'), 'DataError', kind);
  }
  writeFileSync(join(folder, 'file'), '');
  await assertRejects(() => prepareFolder(join(folder, 'file')), 'DataError', /not a folder/);
});

test('a PNG that cannot be written leaves only the old one', async () => {
  const folder = newFolder('pngs');
  const image = { data: new Uint8Array(12), height: 2, width: 2, channels: 3 };
  await writePng(join(folder, 'a.png'), image);
  const old = readFileSync(join(folder, 'a.png'));
  await assertRejects(() => writePng(join(folder, 'a.png'), { ...image, height: 3 }), 'DataError', /a\.png cannot be/);
  assert.ok(readFileSync(join(folder, 'a.png')).equals(old));
  assert.equal(readdirSync(folder), ['a.png']);
});

test.run();

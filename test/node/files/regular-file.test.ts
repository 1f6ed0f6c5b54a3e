import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readRegularFile, readStart } from '../../../src/node/files/regular-file';
import { assertRejects } from '../../support/assert-rejects';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
writeFileSync(at('file'), Uint8Array.of(1, 2, 3));
symlinkSync(at('file'), at('link'));

test('a file is read, also through a link', async () => {
  for (const name of ['file', 'link']) assert.equal([...(await readRegularFile(at(name)))], [1, 2, 3]);
  assert.equal([...(await readStart(at('file'), 2))], [1, 2]);
  assert.equal([...(await readStart(at('file'), 20))], [1, 2, 3]);
});

test('a missing or special file is refused at once, and its kind named', async () => {
  mkdirSync(at('folder'));
  symlinkSync(at('circle'), at('circle'));
  const cases: [string, RegExp][] = [
    ['missing', /no such file/],
    ['folder', /a folder/],
    ['circle', /circle/],
  ];
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [at('fifo')]);
    symlinkSync('/dev/zero', at('zero'));
    cases.push(['fifo', /a FIFO/], ['zero', /a device/]);
  }
  for (const [name, reason] of cases) {
    for (const read of [readRegularFile, (path: string) => readStart(path, 2)]) {
      await assertRejects(() => read(at(name)), 'DataError', reason);
      await assertRejects(() => read(at(name)), 'DataError', new RegExp(`${name} cannot be read`));
    }
  }
});

test('a socket is refused', async () => {
  if (process.platform === 'win32') return;
  const server = createServer().listen(at('socket'));
  await new Promise((resolve) => server.on('listening', resolve));
  await assertRejects(() => readRegularFile(at('socket')), 'DataError', /a socket/);
  server.close();
});

test('a file above the size limit is refused without being read', async () => {
  await assertRejects(() => readRegularFile(at('file'), 2), 'DataError', /3 bytes, and at most 2/);
  writeFileSync(at('huge'), '');
  truncateSync(at('huge'), 2 ** 40); // takes no room
  await assertRejects(() => readRegularFile(at('huge')), 'DataError', /1099511627776/);
});

test.run();

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PyramidFlowError } from '../../../src/core/errors';
import { lockFile } from '../../../src/node/files/lock-file';
import { isGone, parseHolder, thisProcess } from '../../../src/node/files/lock-holder';
import { assertRejects } from '../../support/assert-rejects';
import { buildProgram, startProgram } from '../../support/process';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const gone = { ...thisProcess(), pid: spawnSync(process.execPath, ['--version']).pid };
const write = (name: string, contents: unknown) => writeFileSync(at(name), JSON.stringify(contents));

test('a lock says who holds it, keeps others off and is gone when released', async () => {
  const lock = await lockFile(at('a'));
  const { pid, host, since } = JSON.parse(readFileSync(at('a.lock'), 'utf8'));
  assert.equal([pid, host, since.slice(0, 4)], [process.pid, hostname(), String(new Date().getFullYear())]);
  await assertRejects(() => lockFile(at('a')), 'UsageError', new RegExp(`already being trained by process ${process.pid} `));
  const other = await lockFile(at('b'));
  lock.release();
  lock.release();
  other.release();
  assert.equal(readdirSync(root), []);
  (await lockFile(at('a'))).release();
});

test('a lock that another process has taken meanwhile is left alone', async () => {
  const lock = await lockFile(at('a'));
  rmSync(at('a.lock'));
  write('a.lock', gone);
  lock.release();
  assert.ok(existsSync(at('a.lock')));
  rmSync(at('a.lock'));
});

const STALE: readonly (readonly [what: string, holder: object, linuxOnly?: true])[] = [
  ['of a process that is gone', gone],
  ['whose process id another process has now', { ...thisProcess(), start: '1' }, true],
];

for (const [what, holder, linuxOnly] of STALE) {
  if (linuxOnly && process.platform !== 'linux') continue;
  test(`a lock ${what} is taken over, with a notice`, async () => {
    write('s.lock', holder);
    const notices: string[] = [];
    const lock = await lockFile(at('s'), (text) => notices.push(text));
    assert.match(notices.join('|'), /^process \d+[^|]*gone[^|]*$/);
    assert.is(JSON.parse(readFileSync(at('s.lock'), 'utf8')).pid, process.pid);
    lock.release();
    assert.equal(readdirSync(root), []);
  });
}

const OTHERS: readonly (readonly [what: string, text: string])[] = [
  ['of another machine', JSON.stringify({ ...gone, host: 'elsewhere' })],
  ['of another container', JSON.stringify({ ...gone, namespace: 'pid:[1]' })],
  ['that is empty', ''],
  ['that is damaged', '{"pid": 1'],
  ['with a host name of 3000 letters', JSON.stringify({ ...gone, host: 'x'.repeat(3000) })],
  ['without a process', JSON.stringify({ ...gone, pid: undefined })],
  ['of a process that cannot be', JSON.stringify({ ...gone, pid: -1 })],
  ['far too large', ' '.repeat(5000) + JSON.stringify(gone)],
];

for (const [what, text] of OTHERS) {
  test(`a lock ${what} is refused, and the file to delete is named`, async () => {
    writeFileSync(at('o.lock'), text);
    const error = await lockFile(at('o')).catch((cause) => cause);
    assert.instance(error, PyramidFlowError);
    assert.is(error.code, 'UsageError');
    assert.ok(error.remedy.includes(`delete ${at('o.lock')}`), error.remedy);
    assert.is(readFileSync(at('o.lock'), 'utf8'), text);
    rmSync(at('o.lock'));
  });
}

test('something that is not a file is not a lock, and does not hang', async () => {
  mkdirSync(at('o.lock'));
  await assertRejects(() => lockFile(at('o')), 'UsageError', /delete/);
  rmSync(at('o.lock'), { recursive: true });
  if (spawnSync('mkfifo', [at('o.lock')]).status !== 0) return;
  await assertRejects(() => lockFile(at('o')), 'UsageError', /delete/);
  rmSync(at('o.lock'));
});

test('a folder in which no lock file can be created is an error', async () => {
  await assertRejects(() => lockFile(at('nowhere/a')), 'DataError', /a\.lock cannot be written/);
});

test('a running process is not gone, a finished and an unknown one are told apart', async () => {
  assert.not(isGone(thisProcess()));
  assert.not(isGone({ ...thisProcess(), start: undefined }));
  assert.ok(isGone(gone));
  assert.is(parseHolder(JSON.stringify(gone))?.pid, gone.pid);
});

test('when processes compete for the same files, each file goes to exactly one, stale locks or not', async () => {
  const names = Array.from({ length: 60 }, (_, i) => String(i));
  for (const [i, name] of names.entries()) {
    const stale = JSON.stringify({ ...gone, name });
    if (i % 3 > 0) writeFileSync(at(`${name}.lock`), stale);
    const claim = createHash('sha256').update(stale).digest('hex').slice(0, 8);
    if (i % 3 > 1) writeFileSync(at(`${name}.lock.${claim}`), stale); // its process was killed while it took the lock over
  }
  const program = await buildProgram('lock-file', 'test/node/files/lock-file.program.ts');
  const runs = Array.from({ length: 4 }, () => startProgram(program, [root, ...names]));
  try {
    const lines = runs.map(({ process: child }) => createInterface(child.stdout!)[Symbol.asyncIterator]());
    for (const line of lines) assert.is((await line.next()).value, 'ready');
    writeFileSync(at('go'), '');
    const results: Record<string, string>[] = [];
    for (const line of lines) results.push(JSON.parse((await line.next()).value ?? '{}'));
    for (const name of names) {
      const outcomes = results.map((result) => result[name]);
      assert.equal(outcomes.toSorted(), ['UsageError', 'UsageError', 'UsageError', 'locked'], name);
      const winner = runs[outcomes.indexOf('locked')].process.pid;
      assert.is(JSON.parse(readFileSync(at(`${name}.lock`), 'utf8')).pid, winner, name);
    }
  } finally {
    for (const { process: child } of runs) child.stdin!.end(); // they end when their input does
  }
  for (const { end } of runs) assert.is((await end).code, 0);
  assert.equal(readdirSync(root), ['go'], 'released when the processes end');
});

test.run();

import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { partsDataset } from '../../src/demo/parts';
import { readCheckpoint } from '../../src/node/files/checkpoint-file';
import { writePng } from '../../src/node/files/image-file';
import { buildProgram, type Run, startProgram } from '../support/process';
import { temporaryFolder } from '../support/temporary';

const cli = await buildProgram('train-process', 'src/node/cli/cli.ts');
const root = temporaryFolder();
const at = (name: string) => join(root, name);
for (const file of partsDataset({ size: 24, train: 4, good: 1, perDefect: 1, seed: 1 }))
  await writePng(at(`data/${file.path}`), file);

const NETWORK = ['--size', '16', '--channels', '4', '--levels', '3', '--stacks', '1', '--kernel', '3'];
const start = (...args: string[]) => startProgram(cli, ['train', '--data', at('data'), '--category', 'parts', ...args]);

async function run(code: number, ...args: string[]): Promise<Run> {
  const result = await start(...args).end;
  assert.is(result.code, code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

/** Waits for the first epoch, or for the end of a training that fails before it. */
async function firstEpoch(child: ChildProcess, file: string): Promise<void> {
  while (!existsSync(at(file)) && child.exitCode === null && child.signalCode === null) await delay(10);
}

/** Starts a training that would take long, and waits for its first epoch. */
async function startLong(file: string) {
  const training = start(...NETWORK, '--epochs', '100000', '--out', at(file));
  await firstEpoch(training.process, file);
  return training;
}

test('a training killed at any moment, again and again, ends with the bytes of an undisturbed one', async () => {
  const begin = [...NETWORK, '--epochs', '15'];
  await run(0, ...begin, '--out', at('whole'));
  const moments: number[] = [];
  let killed = true;
  while (killed && moments.length < 3) {
    const resumes = existsSync(at('model'));
    const training = start(...(resumes ? ['--resume', at('model')] : [...begin, '--out', at('model')]));
    await firstEpoch(training.process, 'model');
    moments.push(resumes ? Math.round(1200 * Math.random()) : 0); // to start takes a part of it
    await delay(moments.at(-1));
    training.process.kill('SIGKILL');
    killed = (await training.end).signal === 'SIGKILL'; // or it was done before
  }
  const stale = existsSync(at('model.lock'));
  const { stderr } = await run(0, '--resume', at('model'));
  const when = `killed after ${moments.join(', ')} ms\n${stderr}`;
  assert.ok(moments.length > 1 && readFileSync(at('model')).equals(readFileSync(at('whole'))), when);
  assert.is(/is gone: taking over/.test(stderr), stale, when);
  assert.not(existsSync(at('model.lock')));
});

test('a second training of the same file is refused and harms nothing; Ctrl-C releases the file', async () => {
  const first = await startLong('busy');
  const refused = await run(2, ...NETWORK, '--out', at('busy'), '--force');
  assert.match(refused.stderr, new RegExp(`UsageError: .*busy is already being trained by process ${first.process.pid} `));
  await run(2, '--resume', at('busy'));
  assert.ok(existsSync(at('busy.lock')) && first.process.exitCode === null);
  first.process.kill('SIGINT');
  const { code, stderr } = await first.end;
  assert.is(code, 130, stderr);
  assert.not(existsSync(at('busy.lock')));
  const { training } = await readCheckpoint(at('busy'));
  await run(0, '--resume', at('busy'), '--epochs', String(training!.log.length));
});

test('a second Ctrl-C ends at once, and releases the file as well', async () => {
  const { process: child, end } = await startLong('impatient');
  child.kill('SIGINT');
  child.kill('SIGTERM');
  assert.is((await end).code, 130);
  assert.not(existsSync(at('impatient.lock')));
});

test('a training whose folder vanishes ends with an error that says what is lost', async () => {
  const { end } = await startLong('folder/model');
  rmSync(at('folder'), { recursive: true });
  const { code, stderr } = await end;
  assert.is(code, 1, stderr);
  assert.match(stderr, /DataError: .*folder.model cannot be written: .*epoch \d+ is gone/);
  assert.not(readdirSync(root).includes('folder'));
});

test('changed images are refused, and accepted with --data-changed ok', async () => {
  rmSync(at('data/parts/train/good/000.png'));
  const more = ['--resume', at('whole'), '--epochs', '16'];
  const { stderr } = await run(1, ...more);
  assert.match(stderr, /DataError: 1 of 4 training images differs .*whole .*train\/good\/000\.png is missing/);
  assert.match((await run(2, ...more, '--data-changed', 'maybe')).stderr, /--data-changed/);
  assert.match((await run(0, ...more, '--data-changed', 'ok')).stderr, /1 of 4 training images differs/);
});

test.run();

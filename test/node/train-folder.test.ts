import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PyramidFlowError } from '../../src/core/errors';
import { Random } from '../../src/core/random';
import { readCheckpoint, writeCheckpoint } from '../../src/node/files/checkpoint-file';
import { writePng } from '../../src/node/files/image-file';
import { type TrainFolderOptions, trainFolder } from '../../src/node/train-folder';
import { assertRejects } from '../support/assert-rejects';
import { gpu } from '../support/gpu';
import { randomByteImage } from '../support/small-weights';
import { temporaryFolder } from '../support/temporary';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const random = new Random(9);
const draw = (path: string) => writePng(at(path), randomByteImage(random, { height: 16, width: 16 }));
for (const i of [0, 1, 2, 3]) await draw(`cap/good/${i}.png`);

const NETWORK = { size: { height: 16, width: 16 }, channels: 4, levels: 3, stacks: 1, kernel: 3, norm: 'CVN' } as const;
const NEW = { data: at('cap'), ...NETWORK, epochs: 1 };

/** Trains, and returns the notices as well. */
async function train(options: Partial<TrainFolderOptions>) {
  const notices: string[] = [];
  const onNotice = (text: string) => notices.push(text);
  const result = await trainFolder(gpu, { data: at('cap'), onNotice, ...options });
  return { result: result!, notices: notices.join('|') };
}

const names = async (file: string) => (await readCheckpoint(at(file))).manifest!.map(({ name }) => name);
const NAMES = ['good/0.png', 'good/1.png', 'good/2.png', 'good/3.png'];
const locks = () => readdirSync(root).filter((name) => name.includes('.lock'));

test('every checkpoint lists the images, and no lock is left', async () => {
  let locked = false;
  const onEpoch = () => {
    locked = existsSync(at('a.lock'));
    copyFileSync(at('a'), at('epoch'));
  };
  await train({ ...NEW, out: at('a'), onEpoch });
  assert.equal([await names('epoch'), await names('a')], [NAMES, NAMES]);
  assert.is((await readCheckpoint(at('epoch'))).template, undefined);
  assert.ok(locked);
  assert.equal(locks(), []);
});

test('progress has phases: reading, training, template', async () => {
  const seen: string[] = [];
  const onProgress: TrainFolderOptions['onProgress'] = ({ phase, epoch, step, steps }) =>
    seen.push([phase, epoch, step, steps].join(' '));
  await train({ ...NEW, out: at('progress'), onProgress });
  assert.equal([seen[0], seen[3]], ['read 0 1 4', 'read 0 4 4']);
  assert.equal([seen[4], seen[5]], ['train 1 1 2', 'train 1 2 2']);
  assert.is(seen.at(-1), 'template 1 8 8');
});

test('a signal stops the hashing and the reading of images', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const options: TrainFolderOptions = {
    ...{ ...NEW, out: at('unread'), signal: stop.signal },
    onNotice: (text) => {
      seen.push(text);
      stop.abort();
    },
    onProgress: ({ phase }) => seen.push(phase),
  };
  assert.is(await trainFolder(gpu, options), undefined);
  assert.match(seen.join('|'), /^reading 4 training images[^|]*$/);
  assert.is(await trainFolder(gpu, options), undefined);
  assert.is(seen.length, 1);
  assert.equal([existsSync(at('unread')), locks()], [false, []]);
});

test('a data set that was moved and renamed still counts as the same', async () => {
  renameSync(at('cap'), at('lid'));
  const { notices } = await train({ data: at('lid'), resume: at('a'), out: at('b'), epochs: 2 });
  assert.not.match(notices, /differ|does not say/);
  renameSync(at('lid'), at('cap'));
  await train({ ...NEW, out: at('c'), epochs: 2 });
  assert.ok(readFileSync(at('b')).equals(readFileSync(at('c'))), 'and resuming gives the bytes of one run');
});

test('changed images are refused and the model is untouched, unless dataChanged allows them', async () => {
  await draw('cap/good/2.png');
  await draw('cap/good/4.png');
  rmSync(at('cap/good/0.png'));
  await draw('cap/good/5.png');
  const before = readFileSync(at('a'));
  const error = await train({ resume: at('a'), epochs: 2 }).catch((cause) => cause);
  assert.instance(error, PyramidFlowError);
  assert.equal([error.code, error.details?.settings], ['DataError', ['dataChanged']]);
  assert.match(error.problem, /4 of 6 .*: good\/0\.png is missing, good\/2\.png has other contents, .* and 1 more$/);
  assert.ok(readFileSync(at('a')).equals(before));
  assert.equal(locks(), []);

  const { result, notices } = await train({ resume: at('a'), epochs: 2, dataChanged: 'ok' });
  assert.match(notices, /4 of 6 training images differ/);
  assert.is(result.plan.images, 5);
  assert.equal(await names('a'), [...NAMES.slice(1), 'good/4.png', 'good/5.png']);
  const again = await train({ resume: at('a'), epochs: 3 });
  assert.not.match(again.notices, /differ/);
});

test('a model without a list of its images is resumed with a notice, and has a list afterwards', async () => {
  await writeCheckpoint(at('old'), { ...(await readCheckpoint(at('a'))), manifest: undefined });
  assert.match((await train({ resume: at('old'), epochs: 4 })).notices, /old does not say which images/);
  assert.is((await names('old')).length, 5);
});

test('contradictory options are refused', async () => {
  const other = { resume: at('a'), dataChanged: 'yes' as 'ok' };
  await assertRejects(() => train(other), 'UsageError', /dataChanged.*'yes'/);
  await assertRejects(() => train({ ...NEW, out: at('d'), dataChanged: 'ok' }), 'UsageError', /no training is resumed/);
  await assertRejects(() => train({ ...NEW, out: at('a') }), 'UsageError', /exists/);
  await assertRejects(() => train({ ...NEW, out: at('cap'), force: true }), 'UsageError', /is a folder/);
  assert.equal(locks(), []);
});

test('a second training of the same file is refused, even a resumed one; another file can be trained', async () => {
  const attempts: Promise<unknown>[] = [];
  const onStart = () => {
    for (const options of [{ ...NEW, out: at('e'), force: true }, { resume: at('e') }])
      attempts.push(train(options).catch((error) => error.problem));
    attempts.push(train({ ...NEW, out: at('f') }).then(() => 'trained'));
  };
  await train({ ...NEW, out: at('e') });
  await train({ ...NEW, out: at('e'), force: true, onStart });
  const [first, second, third] = await Promise.all(attempts);
  assert.match(String(first), /e is already being trained/);
  assert.match(String(second), /e is already being trained/);
  assert.is(third, 'trained');
  assert.equal(locks(), []);
});

test('training ends when the model can no longer be written, and says which epoch is lost', async () => {
  const onEpoch = () => renameSync(at('folder'), at('gone'));
  await assertRejects(
    () => train({ ...NEW, epochs: 3, out: at('folder/m'), onEpoch }),
    'DataError',
    /m cannot be written: .*epoch 1 is gone/,
  );
  assert.is((await readCheckpoint(at('gone/m'))).training!.log.length, 1);
});

test.run();

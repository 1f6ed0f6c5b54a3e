import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resizeBytes } from '../../../src/image/resample';
import { listFiles, loadMask, loadTrainingImages, openDataset } from '../../../src/node/files/dataset';
import { writePng } from '../../../src/node/files/image-file';
import { assertClose } from '../../support/assert-close';
import { assertRejects } from '../../support/assert-rejects';
import { gpu } from '../../support/gpu';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
const noise = (height: number, width: number, seed: number) => ({
  data: Uint8Array.from({ length: height * width * 3 }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24),
  height,
  width,
  channels: 3,
});
const SIZES = [
  [40, 30],
  [17, 61],
  [32, 32],
] as const;
const images = SIZES.map(([height, width], i) => noise(height, width, i));
for (const [i, image] of images.entries()) await writePng(join(folder, `cap/train/good/${i}.png`), image);
await writePng(join(folder, 'cap/test/good/0.png'), images[0]);
await writePng(join(folder, 'cap/test/torn/0.png'), images[0]);
const half = Uint8Array.from({ length: 40 * 30 }, (_, i) => (i < 600 ? 255 : 0));
await writePng(join(folder, 'cap/ground_truth/torn/0_mask.png'), { data: half, height: 40, width: 30, channels: 1 });

test('files are listed below their folder, with slashes, in name order', async () => {
  const files = (await listFiles(join(folder, 'cap'))).filter((name) => name.endsWith('.png'));
  assert.equal(files, [
    'ground_truth/torn/0_mask.png',
    'test/good/0.png',
    'test/torn/0.png',
    ...[0, 1, 2].map((i) => `train/good/${i}.png`),
  ]);
  await assertRejects(() => listFiles(join(folder, 'nothing')), 'DataError', /nothing is not a folder/);
});

test('a category is found from the data set and from its own folder', async () => {
  const [above, own] = [await openDataset(folder, 'cap'), await openDataset(join(folder, 'cap'))];
  assert.equal(
    own.train,
    [0, 1, 2].map((i) => `train/good/${i}.png`),
  );
  assert.equal(
    above.train,
    own.train.map((path) => `cap/${path}`),
  );
  await assertRejects(() => openDataset(folder, 'lid'), 'DataError', /no category lid; name one of: cap/);
});

test('training images of any size are resized to one size, in order, with the same bytes as Pillow', async () => {
  const dataset = await openDataset(folder, 'cap');
  const progress: [number, number][] = [];
  const loaded = await loadTrainingImages(gpu, dataset, { height: 24, width: 16 }, (...done) => progress.push(done));
  assert.is(loaded.count, 3);
  assert.equal(progress, [
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  for (const [i, { data, height, width }] of images.entries()) {
    const image = loaded.image(i);
    assert.equal([image.height, image.width, image.channels], [24, 16, 3]);
    assertClose(image.data, resizeBytes(data, height, width, 24, 16), 0, `image ${i}`);
  }
});

test('an image larger than the adapter can bind is resized all the same', async () => {
  const small = Object.create(gpu, {
    adapter: { value: { ...gpu.adapter, limits: { ...gpu.adapter.limits, maxStorageBufferBindingSize: 4 * 40 * 30 } } },
  });
  const loaded = await loadTrainingImages(small, await openDataset(folder, 'cap'), { height: 24, width: 16 });
  assertClose(loaded.image(0).data, resizeBytes(images[0].data, 40, 30, 24, 16), 0, 'bytes');
});

test('a broken image stops loading, and is named', async () => {
  mkdirSync(join(folder, 'broken/train/good'), { recursive: true });
  writeFileSync(join(folder, 'broken/train/good/7.png'), 'not an image');
  const dataset = await openDataset(folder, 'broken');
  await assertRejects(
    () => loadTrainingImages(gpu, dataset, { height: 8, width: 8 }),
    'DataError',
    /train\/good\/7\.png cannot be read/,
  );
});

test('a mask is resized to the map, and must have the size of its image', async () => {
  const dataset = await openDataset(folder, 'cap');
  const { mask } = dataset.test.find(({ defect }) => defect === 'torn')!;
  const small = await loadMask(dataset, mask!, images[0], { height: 4, width: 2 });
  assert.equal([...small], [1, 1, 1, 1, 0, 0, 0, 0]);
  await assertRejects(
    () => loadMask(dataset, mask!, images[1], { height: 4, width: 2 }),
    'DataError',
    /is 40x30, but its image is 17x61/,
  );
});

test.run();

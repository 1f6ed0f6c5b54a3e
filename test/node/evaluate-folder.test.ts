import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PyramidFlowError } from '../../src/core/errors';
import { partsDataset } from '../../src/demo/parts';
import { resizeBytes } from '../../src/image/resample';
import { Detector } from '../../src/inspection/detector';
import { evaluationJson, evaluationTable } from '../../src/node/cli/evaluate';
import { type EvaluatedImage, evaluateFolder } from '../../src/node/evaluate-folder';
import { openDataset } from '../../src/node/files/dataset';
import { readImage, writePng } from '../../src/node/files/image-file';
import { assertRejects } from '../support/assert-rejects';
import { gpu } from '../support/gpu';
import { smallCheckpoint } from '../support/small-checkpoint';
import { temporaryFolder } from '../support/temporary';

const root = temporaryFolder();
for (const file of partsDataset({ size: 36, train: 2, good: 2, perDefect: 2, seed: 1 })) {
  await writePng(join(root, file.path), file);
}
const open = (maxPixels?: number) => openDataset(root, 'parts', { maxPixels });
const whole = await open();
const total = whole.test.length;
const detector = Detector.fromCheckpoint(gpu, smallCheckpoint());
const OPTIONS = { model: 'm', data: root };

/** The detector, but on image `at` it does something else. */
function detectorThat(at: number, act: () => void): Detector {
  let seen = 0;
  const detect: Detector['detect'] = async (image) => {
    if (seen++ === at) act();
    return detector.detect(image);
  };
  return Object.create(detector, { detect: { value: detect } });
}

test('all images are judged, without a failure', async () => {
  const seen: number[] = [];
  const stages = new Set<string>();
  const result = await evaluateFolder(detector, whole, {
    onProgress: (done, _, stage) => {
      stages.add(stage);
      if (stage === 'images') seen.push(done);
    },
  });
  assert.equal(
    seen,
    whole.test.map((_, i) => i + 1),
  );
  assert.equal([...stages], ['images', 'metrics']);
  assert.equal([result.images.length, result.failures, result.of, result.ended], [total, [], total, undefined]);
  assert.not.match(evaluationTable(result), /judged/);
});

test('images and masks that cannot be read are named, and the metrics are those of the others', async () => {
  const image = whole.test[0];
  const { mask, path: masked } = whole.test.find((image) => image.mask !== undefined)!;
  for (const path of [image.path, mask!]) copyFileSync(join(root, path), join(root, `${path}.kept`));
  writeFileSync(join(root, image.path), 'not an image');
  writeFileSync(join(root, mask!), 'no mask');
  const result = await evaluateFolder(detector, whole);
  for (const path of [image.path, mask!]) {
    copyFileSync(join(root, `${path}.kept`), join(root, path));
    rmSync(join(root, `${path}.kept`));
  }
  assert.equal(new Set(result.failures.map(({ path }) => path)), new Set([image.path, masked]));
  assert.ok(result.failures.every(({ error }) => /cannot be read/.test(error)));
  const failed = result.failures.map(({ path }) => path);
  const rest = { ...whole, test: whole.test.filter(({ path }) => !failed.includes(path)) };
  const { metrics, images } = await evaluateFolder(detector, rest);
  assert.equal(result.metrics, metrics);
  assert.equal(
    result.images.map(({ score }) => score),
    images.map(({ score }) => score),
  );
  const json = evaluationJson(OPTIONS, result);
  assert.equal([json.judged, json.of, json.images.length], [total - 2, total, total]);
  assert.is(json.images.filter((image) => 'error' in image).length, 2);
  assert.match(evaluationTable(result), new RegExp(`judged +${total - 2} of ${total}`));
});

test('an image without a finite map counts for no metric', async () => {
  const { failures, images } = await evaluateFolder(
    detectorThat(1, () => detector.verdict(NaN)),
    whole,
  );
  assert.equal(
    failures.map(({ path }) => path),
    [whole.test[1].path],
  );
  assert.is(images.length, total - 1);
});

test('a lost device or the signal ends the evaluation, and keeps what was judged', async () => {
  const lost = new PyramidFlowError('DeviceError', 'the GPU device was lost', 'start again');
  const cut = await evaluateFolder(
    detectorThat(2, () => {
      throw lost;
    }),
    whole,
  );
  assert.equal([cut.images.length, cut.failures.length, cut.ended], [2, 0, lost]);
  const stop = new AbortController();
  const stopped = await evaluateFolder(
    detectorThat(2, () => stop.abort()),
    whole,
    { signal: stop.signal },
  );
  assert.equal([stopped.images.length, stopped.ended], [3, 'stopped']);
  assert.is(evaluationJson(OPTIONS, stopped).ended, 'stopped');
  assert.match(evaluationTable(stopped), new RegExp(`judged +3 of ${total}.*not reached`));
});

test('the signal ends the metrics as well, with every image judged', async () => {
  const stop = new AbortController();
  const { metrics, images, ended } = await evaluateFolder(detector, whole, {
    signal: stop.signal,
    onProgress: (_, __, stage) => stage === 'metrics' && setTimeout(() => stop.abort()),
  });
  assert.equal([images.length, ended, metrics.pixelAuroc], [total, 'stopped', null]);
});

test('every image gives a row at once, even a failed one; a row that cannot be kept ends the evaluation', async () => {
  const rows: string[] = [];
  const failing = detectorThat(1, () => {
    throw new PyramidFlowError('NumericError', 'the map is NaN', 'train again');
  });
  const result = await evaluateFolder(failing, whole, {
    onRow: async ({ path, ...row }) => void rows.push('error' in row ? `${path}: ${row.error}` : path),
  });
  assert.equal(
    rows,
    whole.test.map(({ path }, i) => (i === 1 ? `${path}: the map is NaN` : path)),
  );
  assert.is(result.failures.length, 1);

  const full = new PyramidFlowError('DataError', 'no room', 'make room');
  const cut = await evaluateFolder(detector, whole, { onRow: () => Promise.reject(full) });
  assert.equal([cut.images.length, cut.ended], [1, full]);
});

test('where no image can be judged, no metric is made up', async () => {
  const result = await evaluateFolder(detector, await open(36 * 36 - 1));
  assert.is(result.failures.length, total);
  for (const metric of ['imageAuroc', 'pixelAuroc', 'pixelAp', 'aupro30'] as const) {
    assert.is(result.metrics[metric], null, metric);
  }
  assert.is(JSON.parse(JSON.stringify(evaluationJson(OPTIONS, result))).msPerImage, null);
  assert.match(evaluationTable(result), /ms per image +-/);
});

test('a data set without test images is refused', () =>
  assertRejects(() => evaluateFolder(detector, { ...whole, test: [] }), 'DataError', /no test images/));

test('every judged image comes with the bytes, the map and the mask that it was judged by, and is resized once', async () => {
  const shown: EvaluatedImage[] = [];
  const { dispatches } = gpu.counts();
  await evaluateFolder(detector, whole);
  const without = gpu.counts().dispatches - dispatches;
  const { metrics, images } = await evaluateFolder(detector, whole, { onImage: async (image) => void shown.push(image) });
  assert.is(gpu.counts().dispatches - dispatches, 2 * without, 'kernels run no more often');
  assert.equal(metrics, (await evaluateFolder(detector, whole)).metrics);
  const { height, width } = detector.config;
  for (const [i, { image, map, mask, ...judged }] of shown.entries()) {
    assert.equal(judged, images[i]);
    const original = await readImage(join(root, judged.path));
    assert.equal(image.data, resizeBytes(original.data, original.height, original.width, height, width));
    assert.is(Math.max(...map), judged.score);
    assert.ok(mask!.length === map.length && (judged.label === 1 || !mask!.some(Boolean)), judged.path);
  }
  assert.is(shown.length, total);
});

test.run();

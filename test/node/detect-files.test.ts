import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PyramidFlowError } from '../../src/core/errors';
import { Random } from '../../src/core/random';
import { Detector } from '../../src/inspection/detector';
import { type DetectOptions, detectFiles } from '../../src/node/detect-files';
import { readImage, writePng } from '../../src/node/files/image-file';
import { findInputs } from '../../src/node/files/input-files';
import { assertRejects } from '../support/assert-rejects';
import { tinyDisk } from '../support/full-disk';
import { gpu } from '../support/gpu';
import { smallCheckpoint } from '../support/small-checkpoint';
import { randomByteImage } from '../support/small-weights';
import { temporaryFolder } from '../support/temporary';

const root = temporaryFolder();
const COUNT = 6;
const random = new Random(3);
for (let i = 0; i < COUNT; i++) {
  await writePng(join(root, 'images', `${i}.png`), randomByteImage(random, { height: 20, width: 30 }));
}
const inputs = await findInputs([join(root, 'images')], join(root, 'out'));
const detector = Detector.fromCheckpoint(gpu, smallCheckpoint());

/** The detector, but on image `at` it does something else. */
function detectorThat(at: number, act: () => void): Detector {
  let seen = 0;
  const detect: Detector['detect'] = async (image) => {
    if (seen++ === at) act();
    return detector.detect(image);
  };
  return Object.create(detector, { detect: { value: detect } });
}

const fails = (error: PyramidFlowError) => () => {
  throw error;
};

/** The rows in the files, which must be the same in both, without the header of results.jsonl. */
function written(folder: string): Record<string, unknown>[] {
  const [header, ...rows] = readFileSync(join(folder, 'results.jsonl'), 'utf8').trimEnd().split('\n');
  assert.equal(JSON.parse(header), { category: 'tile', size: '16x24', threshold: 1.5, scale: [0, 3] });
  const csv = readFileSync(join(folder, 'results.csv'), 'utf8').trimEnd().split('\r\n');
  assert.is(csv[0], 'path,score,verdict,heatMap,overlay,decodeMs,uploadMs,networkMs,readMs,error');
  const parsed = rows.map((row) => JSON.parse(row));
  assert.equal(
    csv.slice(1).map((line) => line.split(',')[0]),
    parsed.map(({ path }) => path),
  );
  return parsed;
}

let runs = 0;
async function run(by: Detector, options?: DetectOptions, out = join(root, `out${runs++}`)) {
  const { rows, ended } = await detectFiles(by, inputs, out, 3, options);
  assert.equal(written(out), JSON.parse(JSON.stringify(rows)), 'in the files is what is returned');
  assert.equal(
    readdirSync(out).filter((name) => name.endsWith('.tmp')),
    [],
  );
  return { rows, ended, out };
}

test('every image gets a score, a verdict, images and times, and is in the files before the next one starts', async () => {
  const out = join(root, 'by-rows');
  const lines: number[] = [];
  const { rows, ended } = await run(detector, { onProgress: () => lines.push(written(out).length) }, out);
  assert.equal(lines, [1, 2, 3, 4, 5, 6]);
  assert.is(ended, undefined);
  for (const row of rows) {
    const { score, verdict } = await detector.detect(await readImage(row.path));
    assert.equal([row.score, row.verdict], [score, verdict]);
    assert.ok(row.decodeMs! >= 0 && row.uploadMs! >= 0 && row.networkMs! > 0 && row.readMs! >= 0);
    const { height, width } = await readImage(join(out, row.overlay!));
    assert.equal([height, width], [20, 30]);
    assert.equal((await readImage(join(out, row.heatMap!))).height, 16);
  }
});

test('an image without a finite map is a row with an error and without a verdict, and the run goes on', async () => {
  const { rows, ended } = await run(detectorThat(2, () => detector.verdict(NaN)));
  assert.equal([rows.length, ended], [COUNT, undefined]);
  assert.match(rows[2].error!, /NaN/);
  assert.equal(Object.keys(rows[2]), ['path', 'error']);
  assert.equal(rows.filter(({ verdict }) => verdict).length, COUNT - 1);
});

test('an image whose heat map cannot be written keeps its score, without a verdict, and the run goes on', async () => {
  const out = join(root, 'taken');
  mkdirSync(join(out, '3.overlay.png'), { recursive: true });
  const { rows } = await run(detector, {}, out);
  assert.match(rows[3].error!, /3\.overlay\.png cannot be written/);
  assert.ok(rows[3].score! > 0 && rows[3].verdict === undefined && rows[3].heatMap === undefined);
  assert.equal(rows.filter(({ verdict }) => verdict).length, COUNT - 1);
});

test('an image above the pixel limit is a row with an error', async () => {
  const { rows } = await run(detector, { maxPixels: 599 });
  assert.ok(rows.every(({ error }) => /20x30/.test(error!)));
});

test('a lost device ends the run, and the rows before are kept', async () => {
  const lost = new PyramidFlowError('DeviceError', 'the GPU device was lost', 'start again');
  const { rows, ended } = await run(detectorThat(4, fails(lost)));
  assert.is(ended, lost);
  assert.is(rows.length, 4);
});

test('an error of the program itself is thrown, and the rows before it are kept', async () => {
  const out = join(root, 'fault');
  const faulty = detectorThat(2, () => {
    throw new TypeError('a fault');
  });
  const error = await detectFiles(faulty, inputs, out, 3).catch((caught) => caught);
  assert.is(error.message, 'a fault');
  assert.is(written(out).length, 2);
});

test('the signal stops it after the image under way', async () => {
  const stop = new AbortController();
  const { rows, ended } = await run(
    detectorThat(1, () => stop.abort()),
    { signal: stop.signal },
  );
  assert.equal([rows.length, ended], [2, 'stopped']);
  const { ended: late } = await run(
    detectorThat(COUNT - 1, () => stop.abort()),
    {},
  );
  assert.is(late, undefined, 'where nothing is left, nothing was stopped');
});

test('a path that is not a folder, or not a results file, is refused', async () => {
  writeFileSync(join(root, 'file'), '');
  await assertRejects(() => detectFiles(detector, inputs, join(root, 'file'), 3), 'DataError', /file cannot be written/);
  mkdirSync(join(root, 'odd', 'results.csv'), { recursive: true });
  await assertRejects(() => detectFiles(detector, inputs, join(root, 'odd'), 3), 'DataError', /results\.csv.*a folder/);
});

test('a full disk ends the run, and leaves whole rows only', async () => {
  const disk = tinyDisk(64);
  if (!disk) return console.log('skipped: this user may not mount a small disk');
  const many = Array.from({ length: 60 }, (_, i) => ({ path: inputs[i % COUNT].path, name: `${i}` }));
  const { rows, ended } = await detectFiles(detector, many, disk, 3);
  assert.equal(written(disk), JSON.parse(JSON.stringify(rows)));
  assert.ok(rows.length > 5 && rows.length < 60, `${rows.length} rows`);
  assert.is((ended as PyramidFlowError).code, 'DataError');
  assert.match((ended as PyramidFlowError).problem, new RegExp(`${rows.length} rows are kept`));
  for (const name of readdirSync(disk)) {
    assert.not.match(name, /\.tmp$/);
    if (name.endsWith('.png')) await readImage(join(disk, name)); // all that are there are whole
  }
});

test.run();

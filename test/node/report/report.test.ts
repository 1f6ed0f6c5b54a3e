import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { heatImage } from '../../../src/image/heat-map';
import type { EvaluatedImage } from '../../../src/node/evaluate-folder';
import { readImage } from '../../../src/node/files/image-file';
import { ReportWriter } from '../../../src/node/report/write-report';
import { assertClose } from '../../support/assert-close';
import { assertRejects } from '../../support/assert-rejects';
import { temporaryFolder } from '../../support/temporary';

const SIDE = 4;
const summary = {
  category: 'caps & <lids>',
  config: { channels: 4, levels: 2, stacks: 1, kernel: 3, norm: 'SVN', height: SIDE, width: SIDE } as const,
  adapter: 'a "GPU"',
  evaluation: {
    ...{ imageAuroc: 0.987, pixelAuroc: 0.5, pixelAp: 0.25, aupro30: 0.125, aupro100: 0.75 },
    aupro5: null,
    reasons: { aupro5: 'no pixel is anomalous' },
  },
  msPerImage: 12.34,
  threshold: 0.5,
  scale: 1,
  log: [1, 2].map((epoch) => ({ epoch, loss: 3 / epoch, gradientNorm: 1, reconstructionError: 0 })),
  failures: [{ path: 'test/torn/<b>bad</b>.png', error: 'no "image" & no mask' }],
  of: 6,
};

function evaluated(path: string, label: 0 | 1, score: number, mask?: Uint8Array): EvaluatedImage {
  const map = Float32Array.from({ length: SIDE * SIDE }, (_, i) => (score * i) / (SIDE * SIDE - 1));
  const image = { data: new Uint8Array(SIDE * SIDE * 3).fill(90), height: SIDE, width: SIDE, channels: 3 };
  const verdict = score > 0.5 ? 'defective' : 'good';
  return { path, defect: label ? 'torn' : 'good', label, score, verdict, image, map, mask };
}

const folder = join(temporaryFolder(), 'new');
const mask = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => Number(i > 12));
const report = new ReportWriter(folder, summary);
await report.add(evaluated('test/good/fine.png', 0, 0.1, new Uint8Array(SIDE * SIDE)));
await report.add(evaluated('test/torn/clear.png', 1, 0.9, mask));
await report.add(evaluated('test/torn/hidden #1 & "more".png', 1, 0.2));
await report.add(evaluated('test/good/odd.png', 0, 0.6, new Uint8Array(SIDE * SIDE)));
const page = await report.finish(summary);
const html = readFileSync(page, 'utf8');

test('the page is one file without scripts or foreign addresses, and what it shows is beside it', () => {
  assert.is(page, join(folder, 'index.html'));
  assert.not.match(html, /<script|https?:\/\/|\bon\w+=/);
  const sources = [...html.matchAll(/src="([^"]+)"/g)].map(([, source]) => decodeURIComponent(source));
  assert.is(sources.length, 4 * 3 + 1); // image, heat map and overlay of each, one mask
  for (const source of sources) assert.ok(existsSync(join(dirname(page), source)), source);
});

test('names are escaped', () => {
  assert.match(html, /caps &#38; &#60;lids&#62;/);
  assert.match(html, /hidden #1 &#38; &#34;more&#34;\.png/);
  assert.match(html, /hidden%20%231%20%26%20%22more%22/);
});

test('images that were not judged are listed, with the reason', () => {
  assert.match(html, /Only 4 of 6 test images were judged/);
  assert.match(html, /test\/torn\/&#60;b&#62;bad&#60;\/b&#62;\.png: no &#34;image&#34; &#38; no mask/);
  assert.match(html, /1 were not reached/);
});

test('metrics, reasons and verdicts are there', () => {
  for (const text of ['0.987', 'undefined: no pixel is anomalous', '12.3 ms', '2 epochs'])
    assert.ok(html.includes(text), text);
  assert.match(html, /1 of 2 defective images were found; 1 of 2 good ones raised a false alarm/);
  for (const verdict of ['✓ found', '✗ missed', '✓ passed', '✗ false alarm']) assert.ok(html.includes(verdict), verdict);
});

test('the worst mistakes come first', () => {
  const order = [...html.matchAll(/<h3>[^<]*?(\w+)(?: #1[^<]*)?\.png<\/h3>/g)].map(([, name]) => name);
  assert.equal(order, ['hidden', 'odd', 'fine', 'clear']);
});

test('all heat maps share one scale', async () => {
  const heat = await readImage(join(folder, 'images/test/torn/clear.png.heat.png'));
  const map = { data: evaluated('', 1, 0.9).map, height: SIDE, width: SIDE };
  assertClose(heat.data, heatImage(map, 1).data, 0, 'heat map');
  const shown = await readImage(join(folder, 'images/test/torn/clear.png.mask.png'));
  assertClose(
    shown.data,
    [...mask].flatMap((bit) => [255 * bit, 255 * bit, 255 * bit]),
    0,
    'mask',
  );
});

test('a report that cannot be written takes no more images, and finish() says why', async () => {
  const taken = join(temporaryFolder(), 'taken');
  mkdirSync(join(taken, 'images/a.png.heat.png'), { recursive: true });
  const failed = new ReportWriter(taken, summary);
  await failed.add(evaluated('a.png', 0, 0.1));
  await failed.add(evaluated('b.png', 0, 0.1));
  assert.not(existsSync(join(taken, 'images/b.png.heat.png')));
  await assertRejects(() => failed.finish(summary), 'DataError', /a\.png\.heat\.png cannot be written/);
});

test('every drawing says what it shows', () => {
  const drawings = [...html.matchAll(/<svg [^>]*aria-label="([^"]+)"/g)].map(([, label]) => label);
  assert.equal(drawings, [
    'Training loss by epoch, from 3 to 1.5',
    'Score of every test image, by kind',
    'Colour scale of all heat maps, from 0 to 1',
  ]);
  assert.not.match(html, /NaN|undefined(?!: )|Infinity/);
});

test.run();

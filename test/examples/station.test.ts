import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCheckpoint } from '../../src/checkpoint/decode';
import { screenshot } from '../support/browser';
import { brokenPart, goodParts, modelFile, partsFolder, testParts, trainedCheckpoint } from './parts';
import {
  canvasPixels,
  choose,
  drop,
  Examples,
  inspectedRows,
  means,
  nameless,
  openModel,
  rows,
  text,
  waitForText,
} from './station';

const checkpoint = await trainedCheckpoint();
const model = await modelFile('flange.safetensors', checkpoint);
const files = testParts.map(({ file }) => file);
const examples = await Examples.open();
test.after(() => examples.close());

const select = async (page: Page, name: string) => {
  await page.click(`#parts li[aria-label^="${name}"]`);
  await waitForText(page, '#shown-name', new RegExp(`^${name}$`));
};

/** Waits for the frame after the one in which something was changed. */
const painted = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

const CANVAS = '#map';

test('an empty page tells a new user what to do, and every control has a name', async () => {
  await examples.visit('station/', async (page) => {
    await waitForText(page, '#adapter', /swiftshader/i);
    assert.match(await text(page, '.welcome'), /sample parts[^]*Have a model\?[^]*Have good parts\?/);
    assert.equal(await nameless(page), []);
    await screenshot(page, 'station-welcome');
    await openModel(page, model);
    assert.is(await page.$eval('#stage', (stage) => (stage as HTMLElement).dataset.state), 'empty');
    assert.match(await text(page, '.waiting'), /Drop images or a folder anywhere/);
  });
});

test('images get scores, verdicts and a heat map that is brightest at the defect; sliders move them', async () => {
  await examples.visit('station/', async (page) => {
    await openModel(page, model);
    await choose(page, '#image-files', ...files);
    const found = await inspectedRows(page, files.length);
    const verdicts = found.map(({ text, verdict }) => `${text.split(':')[0]} ${verdict}`);
    for (const expected of ['test-good-1.png good', `${brokenPart.name} defective`])
      assert.ok(verdicts.includes(expected), `${verdicts}`);
    await select(page, brokenPart.name);
    await checkHeatMap(page);
    await checkOpacity(page);
    await checkThreshold(page);
    await checkSizes(page);
  });
});

async function checkHeatMap(page: Page): Promise<void> {
  await page.click('label[for="view-heat"]');
  await painted(page);
  const heat = await canvasPixels(page, CANVAS, 64);
  const { inside, outside } = means(brokenPart.mask, (at) => heat[3 * at]); // red rises along the scale
  assert.ok(inside > outside + 20, `${inside} at the defect, ${outside} elsewhere`);
  assert.match(await text(page, '#colour-bar'), /^0[\d.]{4,}$/); // its numbers, end to end
  assert.equal(await nameless(page), []);
}

/** From the image alone to the colours at full strength. */
async function checkOpacity(page: Page): Promise<void> {
  const seen = async () => {
    await painted(page);
    return canvasPixels(page, CANVAS, 64);
  };
  await page.click('label[for="view-image"]');
  const image = await seen();
  await page.click('label[for="view-overlay"]');
  await page.focus('#opacity');
  await page.keyboard.press('Home');
  const none = await seen();
  await page.keyboard.press('End');
  const full = await seen();
  const change = (a: Uint8Array) => means(brokenPart.mask, (at) => Math.abs(a[3 * at] - image[3 * at])).inside;
  assert.is(await text(page, '#opacity-value'), '100 %');
  assert.ok(
    change(full) > 10 && change(none) < 0.5 * change(full),
    `${change(none)} without, ${change(full)} with the heat map`,
  );
}

/** Everything is defective at the low end of the slider and good at the high end; the threshold is saved with the model. */
async function checkThreshold(page: Page): Promise<void> {
  await page.focus('#threshold');
  await page.keyboard.press('Home');
  await page.waitForFunction(
    (n) => document.querySelectorAll('#parts [data-verdict="defective"]').length === n,
    {},
    files.length,
  );
  assert.is(await page.$$eval('#plot .point.defective', ({ length }) => length), files.length);
  assert.match(await text(page, '#verdict'), /^defective/);
  await page.keyboard.press('End');
  await page.waitForFunction(() => !document.querySelector('#parts [data-verdict="defective"], #plot .defective'));
  const saved = await decodeCheckpoint(await downloaded(page, '#save-model', 'flange.safetensors'));
  assert.ok(Math.abs(saved.threshold! / (2 * checkpoint.threshold!) - 1) < 1e-6, `${saved.threshold}`);
  assert.equal([...saved.tensors.keys()], [...checkpoint.tensors.keys()]);
}

async function checkSizes(page: Page): Promise<void> {
  for (const [width, theme] of [400, 1600].flatMap(
    (size) =>
      [
        [size, 'light'],
        [size, 'dark'],
      ] as const,
  )) {
    await page.setViewport({ width, height: 1000 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    await painted(page);
    const { wide, small } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      small: [...document.querySelectorAll<HTMLElement>('button, select, input[type="text"]')]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 24)
        .map(({ id }) => id),
    }));
    assert.is(wide, width, 'the page scrolls sideways');
    assert.equal(small, [], 'too small to hit');
    await screenshot(page, `station-${width}-${theme}`);
  }
}

test('the keyboard moves through the list, labels, peeks and removes; the export holds the results', async () => {
  await examples.visit('station/', async (page) => {
    await openModel(page, model);
    const names = ['0 a good, "fine" part.png', ...files.slice(1).map((_, i) => `${i + 1}.png`)];
    const [last, beforeLast] = [names.length - 1, names.length - 2];
    await drop(page, '#stage', files, names);
    await inspectedRows(page, files.length);
    await page.focus('#parts');
    await page.keyboard.press('Home');
    await page.keyboard.press('g');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'End', 'b'] as const) await page.keyboard.press(key);
    await waitForText(page, '#agreement', /of 1 bad parts found/);
    const active = await page.$eval(
      '#parts',
      (list) => document.getElementById(list.getAttribute('aria-activedescendant')!)!.ariaLabel!,
    );
    assert.match(active, new RegExp(`^${last}\\.png: defective, .*, labelled bad$`));
    assert.match(await text(page, '#status'), new RegExp(`^${last}\\.png: labelled bad$`));
    await page.keyboard.press('Space');
    await page.waitForSelector('#view-image:checked');
    await page.keyboard.press('Space');
    await page.waitForSelector('#view-overlay:checked');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Delete');
    await page.waitForFunction((n) => document.querySelectorAll('#parts li').length === n, {}, files.length - 1);
    await page.click('#best-threshold');

    const csv = (await downloaded(page, '#export', 'review.csv')).toString();
    const lines = csv.trimEnd().split('\r\n');
    assert.is(lines[0], 'file,score,threshold,verdict,label,ms');
    assert.is(lines.length, files.length);
    assert.match(lines[1], /^"0 a good, ""fine"" part\.png",\d\.\d+,\d\.\d+,good,good,\d+$/);
    assert.match(lines.at(-1)!, new RegExp(`^${last}\\.png,\\d\\.\\d+,\\d\\.\\d+,defective,bad,\\d+$`));
    assert.ok(!csv.includes(`${beforeLast}.png`), 'it was removed');
    await painted(page);
    await screenshot(page, 'station-review');
  });
});

test('a folder is taken with the names of its files, also before there is a model', async () => {
  await examples.visit('station/', async (page) => {
    await choose(page, '#image-folder', partsFolder);
    await page.waitForFunction(
      (n) => document.querySelectorAll('#parts li').length === n,
      {},
      goodParts.length + files.length,
    );
    assert.match((await rows(page))[0].text, /^parts\/test-good-0\.png: not inspected yet$/);
    await page.click('#clear');
    await page.waitForSelector('#list-empty:not([hidden])');
  });
});

test('camera frames are inspected one by one, and one can be kept', async () => {
  await examples.visit('station/', async (page) => {
    await openModel(page, model);
    await page.click('#camera');
    await page.waitForFunction(
      () => (document.querySelector('#plot .live')?.getAttribute('points') ?? '').split(' ').length >= 3,
    );
    assert.match(await text(page, '#verdict'), /^(good|defective)score [\d.]+$/);
    await page.keyboard.press('Space'); // the button that keeps a frame has the focus
    await inspectedRows(page, 1);
    await page.click('#camera');
    await page.waitForFunction(() => !document.querySelector('#plot .live'));
    await waitForText(page, '#shown-name', /^camera-001$/);
  });
});

test('the station works offline once it has been opened', async () => {
  await examples.visit('station/', async (page) => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller);
    await examples.stopServer();
    await page.reload();
    await openModel(page, model);
    await choose(page, '#image-files', brokenPart.file);
    await inspectedRows(page, 1);
  });
});

/** The file that a button downloads. */
async function downloaded(page: Page, button: string, name: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'pyramidflow-download-'));
  const session = await page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder, eventsEnabled: true });
  const done = new Promise<void>((resolve) =>
    session.on('Browser.downloadProgress', ({ state }) => state === 'completed' && resolve()),
  );
  await page.click(button);
  await done;
  assert.equal(readdirSync(folder), [name]);
  return readFileSync(join(folder, name));
}

test.run();

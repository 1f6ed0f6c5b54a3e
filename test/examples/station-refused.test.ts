import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'puppeteer';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { encodeCheckpoint } from '../../src/checkpoint/encode';
import { Random } from '../../src/core/random';
import { IMAGENET } from '../../src/ops/preprocess';
import { initialTensors } from '../../src/pyramidflow/initialize';
import { screenshot } from '../support/browser';
import { SMALL, trainedTensors } from '../support/small-weights';
import { fileOf, goodParts, modelFile } from './parts';
import { canvasPixels, choose, drop, Examples, inspectedRows, openModel, rows, text, waitForText } from './station';

const config = { ...SMALL, stacks: 1 };
const { channels, levels, height, width } = config;
const usable: Checkpoint = {
  config,
  category: 'any',
  normalization: IMAGENET,
  tensors: trainedTensors(config),
  template: Array.from({ length: levels }, (_, i) => new Float32Array((channels * height * width) >> (2 * i))),
  threshold: 1,
};
const model = await modelFile('usable.safetensors', usable);
const bytes = await encodeCheckpoint(usable);
const wide = fileOf(
  'wide.png',
  await sharp({ create: { width: 20000, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer(),
);
const unfinished = { ...usable, tensors: initialTensors(config, new Random(1)), template: undefined, threshold: undefined };

const examples = await Examples.open();
test.after(() => examples.close());

/** What the page refuses: how a user gives it, and what the page says. */
const REFUSED: Readonly<Record<string, { give(page: Page): Promise<void>; says: RegExp }>> = {
  'a damaged model': {
    give: (page) => choose(page, '#model-file', fileOf('garbage.safetensors', 'this is no model')),
    says: /^garbage\.safetensors: .+\. .+\. CheckpointError$/,
  },
  'half a model': {
    give: (page) => choose(page, '#model-file', fileOf('half.safetensors', bytes.subarray(0, bytes.length / 2))),
    says: /^half\.safetensors: .+\. .+\. CheckpointError$/,
  },
  'a model without a template': {
    give: async (page) => choose(page, '#model-file', await modelFile('unfinished.safetensors', unfinished)),
    says: /has no template.+CheckpointError$/,
  },
  'a text file': {
    give: (page) => drop(page, '#stage', [fileOf('notes.txt', 'some notes')]),
    says: /^notes\.txt is not an image\. Choose png, .+\. DataError$/,
  },
  'a text file with the name of an image': {
    give: (page) => drop(page, '#stage', [fileOf('notes.png', 'some notes')]),
    says: /^notes\.png cannot be read as an image\. Choose .+\. DataError$/,
  },
  'an image that is too large': {
    give: (page) => choose(page, '#image-files', wide),
    says: /20000 x 2 pixels.+\. DataError$/,
  },
};

for (const [what, { give, says }] of Object.entries(REFUSED)) {
  test(`${what} is refused with a message, and the page stays usable`, async () => {
    await examples.visit('station/', async (page) => {
      await openModel(page, model);
      await give(page);
      await waitForText(page, '#notices .notice p', says);
      await page.click('#notices button');
      assert.is(await text(page, '#notices'), '');
      assert.match(await text(page, '#model-line'), /^usable · /);
      const refused = await page.$$eval('#parts li', ({ length }) => length); // an unreadable image stays in the list
      await choose(page, '#image-files', goodParts[0].file);
      const found = await inspectedRows(page, refused + 1);
      assert.is(found.filter(({ verdict }) => verdict === 'problem').length, refused);
    });
  });
}

test('a model whose maps are not finite gives no verdict', async () => {
  const tensors = trainedTensors(SMALL); // deep enough to overflow
  for (const [name, { data }] of tensors) if (name.endsWith('conv2')) data.fill(1e6);
  const broken = await modelFile('broken.safetensors', { ...usable, config: SMALL, tensors });
  await examples.visit('station/', async (page) => {
    await openModel(page, broken);
    await choose(page, '#image-files', goodParts[0].file);
    await waitForText(page, '#notices', /NaN|not finite/);
    assert.equal(
      (await rows(page)).map(({ verdict }) => verdict),
      ['problem'],
    );
  });
});

test('without WebGPU the page says why and what to do', async () => {
  const noGpu = () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined });
  await examples.visit(
    'station/',
    async (page) => {
      await waitForText(page, '#unsupported-text', /^This browser has no WebGPU.+; .+\.$/);
      assert.is(await page.$eval('#try', (block) => (block as HTMLElement).hidden), true);
      await choose(page, '#model-file', model);
      await waitForText(page, '#notices', /no WebGPU.+DeviceError/);
      await choose(page, '#image-files', goodParts[0].file);
      await page.waitForSelector('#parts li');
      await screenshot(page, 'station-no-webgpu');
    },
    { before: noGpu },
  );
});

test('after the GPU is lost, the page opens it again and shows the same results', async () => {
  await examples.visit(
    'station/',
    async (page) => {
      await openModel(page, model);
      await choose(page, '#image-files', goodParts[0].file, goodParts[1].file);
      const before = await inspectedRows(page, 2);
      const pixels = await canvasPixels(page, '#map', 16);
      const session = await page.createCDPSession();
      await session.send('Browser.crashGpuProcess');
      await page.click('label[for="view-heat"]'); // drawing finds the map gone
      await page.click('label[for="view-overlay"]');
      await page.click('#parts li:nth-child(2)');
      await page.click('#parts li:nth-child(1)');
      await page.waitForSelector('#map:not([hidden])');
      await waitForText(page, '#verdict', /score/);
      const settled = async () => `${await canvasPixels(page, '#map', 16)}` === `${pixels}`;
      for (let tries = 0; tries < 40 && !(await settled()); tries++) await delay(250);
      assert.ok(await settled(), 'the heat map is back');
      assert.equal(await rows(page), before);
      assert.is(await text(page, '#notices'), '');
    },
    { expected: [/external Instance reference no longer exists/] },
  );
});

test.run();

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { screenshot } from '../support/browser';
import { brokenPart, fileOf, goodParts, modelFile, trainedCheckpoint } from './parts';
import { canvasPixels, choose, Examples, means, nameless, text, waitForText } from './station';

const model = await modelFile('flange.safetensors', await trainedCheckpoint());
const examples = await Examples.open();
test.after(() => examples.close());

test('the example has fewer than 40 lines of its own', () => {
  const own = ['index.html', 'minimal.js'].map((name) => readFileSync(`examples/minimal/${name}`, 'utf8'));
  const lines = own.join('').trimEnd().split('\n').length;
  assert.ok(lines < 40, `${lines} lines`);
});

test('a model and an image give a verdict and a heat map, brightest at the defect', async () => {
  await examples.visit('minimal/', async (page) => {
    await choose(page, '#model', model);
    await waitForText(page, '#verdict', /choose the other/);
    await choose(page, '#image', brokenPart.file);
    await waitForText(page, '#verdict', /^defective, score [\d.]+$/);
    const pixels = await canvasPixels(page, '#map', 64);
    const { inside, outside } = means(brokenPart.mask, (at) => pixels[3 * at] - pixels[3 * at + 1]); // red over green
    assert.ok(inside > outside + 10, `${inside} at the defect, ${outside} elsewhere`);
    assert.equal(await nameless(page), []);
    await screenshot(page, 'minimal');
    const before = await text(page, '#verdict');
    await choose(page, '#image', goodParts[0].file);
    await page.waitForFunction((old) => document.querySelector('#verdict')!.textContent !== old, {}, before);
    assert.match(await text(page, '#verdict'), /^good, score/);
  });
});

test('an unreadable file gets a message, and the page goes on', async () => {
  await examples.visit('minimal/', async (page) => {
    await choose(page, '#model', fileOf('broken.safetensors', 'this is no model'));
    await waitForText(page, '#verdict', /^CheckpointError: broken\.safetensors: .+; .+/);
    await choose(page, '#model', model);
    await choose(page, '#image', fileOf('notes.png', 'this is no image'));
    await waitForText(page, '#verdict', /^DataError: notes\.png cannot be read as an image; .+/);
    await choose(page, '#image', goodParts[0].file);
    await waitForText(page, '#verdict', /^good, score/);
  });
});

test.run();

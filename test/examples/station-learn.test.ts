import type { Page } from 'puppeteer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { screenshot } from '../support/browser';
import { brokenPart, goodParts, modelFile, trainedCheckpoint } from './parts';
import { choose, drop, Examples, inspectedRows, openModel, text, waitForText } from './station';

/**
 * Generous, since a software adapter computes on the very cores that the page needs, and other tests may run beside it;
 * measured on two busy cores of a software adapter: up to 350 ms.
 */
const LONGEST_BLOCK = 1000; // ms

const checkpoint = await trainedCheckpoint();
const model = await modelFile('flange.safetensors', checkpoint);
const good = goodParts.map(({ file }) => file);
const examples = await Examples.open();
test.after(() => examples.close());

/** Starts to record the longest time that the main thread is blocked, between two timers or by one task. */
const watchBlocks = (page: Page) =>
  page.evaluate(() => {
    const longest = { task: 0, gap: 0 };
    Object.assign(globalThis, { longest });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.task = Math.max(longest.task, duration);
    }).observe({ entryTypes: ['longtask'] });
    let before = performance.now();
    const timer = () => {
      const now = performance.now();
      longest.gap = Math.max(longest.gap, now - before);
      before = now;
      setTimeout(timer);
    };
    timer();
  });

const longestBlock = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { longest: { task: number; gap: number } }).longest);

test('a model is trained in the page, which stays responsive, and then used', async () => {
  await examples.visit('station/', async (page) => {
    await drop(page, '#learn', good);
    await waitForText(page, '#good-count', /^12 good parts$/);
    await choose(page, '#image-files', brokenPart.file, good[0]);
    await page.$eval('#epochs', (input) => ((input as HTMLInputElement).value = '2'));
    await watchBlocks(page);
    await page.click('#train');
    await waitForText(page, '#task-detail', /^epoch 1 of 2, loss \d*\.?\d*[1-9]/);
    await screenshot(page, 'station-training');
    await page.click('label[for="view-heat"]'); // the page responds meanwhile
    await page.waitForSelector('#view-heat:checked');
    await waitForText(page, '#model-line', /^part · 64 × 64 px/);
    const { task, gap } = await longestBlock(page);
    console.log(
      `note: training blocks the page for up to ${Math.round(task)} ms by tasks, ${Math.round(gap)} ms between timers`,
    );
    assert.ok(Math.max(task, gap) < LONGEST_BLOCK, `blocked for ${Math.max(task, gap)} ms`);
    const found = await inspectedRows(page, 2);
    for (const { verdict } of found) assert.ok(['good', 'defective'].includes(verdict));
    assert.is(await page.$eval('#task', (bar) => (bar as HTMLElement).hidden), true);
  });
});

test('training can be cancelled, and the page goes on', async () => {
  await examples.visit('station/', async (page) => {
    await choose(page, '#good-files', ...good);
    await waitForText(page, '#good-count', /^12 good parts$/);
    await page.click('#train');
    await waitForText(page, '#task-detail', /^epoch 1/);
    await page.click('#task-cancel');
    await page.waitForSelector('#task[hidden]');
    assert.match(await text(page, '#status'), /^Cancelled: Learning part/);
    assert.is(await text(page, '#notices'), '');
    await openModel(page, model);
    await choose(page, '#image-files', brokenPart.file);
    await inspectedRows(page, 1);
  });
});

test('a template is learnt from parts labelled good, and all parts are inspected with it', async () => {
  await examples.visit('station/', async (page) => {
    await openModel(page, model);
    await choose(page, '#image-files', ...good.slice(0, 4), brokenPart.file);
    const before = await inspectedRows(page, 5);
    await page.focus('#parts');
    for (const key of ['Home', 'ArrowDown', 'g', 'ArrowDown', 'g', 'ArrowDown', 'g', 'ArrowDown', 'g'] as const)
      await page.keyboard.press(key);
    await page.click('#take-good');
    await waitForText(page, '#good-count', /^4 good parts$/);
    await page.click('#refresh');
    await waitForText(page, '#status', /^New template; the threshold is [\d.]+$/);
    const after = await inspectedRows(page, 5);
    assert.not.equal(after, before);
    const of = (name: string) => after.find(({ text: row }) => row.startsWith(name))!.verdict;
    assert.equal([of(brokenPart.name), of(goodParts[0].name)], ['defective', 'good']);
  });
});

test('the demo generates parts and begins to learn from them', async () => {
  await examples.visit('station/', async (page) => {
    await watchBlocks(page);
    await page.click('#demo');
    await waitForText(page, '#good-count', /^20 good parts$/);
    await waitForText(page, '#task-detail', /^epoch 1 of \d+, loss/);
    assert.is(await page.$$eval('#parts li', ({ length }) => length), 12);
    await page.click('#task-cancel');
    await page.waitForSelector('#task[hidden]');
    const { task, gap } = await longestBlock(page);
    console.log(
      `note: the demo blocks the page for up to ${Math.round(task)} ms by tasks, ${Math.round(gap)} ms between timers`,
    );
    assert.ok(Math.max(task, gap) < LONGEST_BLOCK, `blocked for ${Math.max(task, gap)} ms`);
  });
});

test.run();

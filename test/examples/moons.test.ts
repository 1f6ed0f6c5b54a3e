import type { Page } from 'puppeteer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { screenshot } from '../support/browser';
import { canvasPixels, Examples, nameless, text, waitForText } from './station';

const examples = await Examples.open();
test.after(() => examples.close());

const STEP = '#progress';
const stepOf = async (page: Page) => Number(/^Step (\d+)/.exec(await text(page, STEP))?.[1] ?? 0);
const lossesOf = async (page: Page) =>
  /from (-?[\d.]+) to (-?[\d.]+)/.exec((await page.$eval('#losses', (svg) => svg.getAttribute('aria-label')))!)!;

for (const deviceScaleFactor of [1, 2]) {
  test(`the moons are learnt, at 400 px and ${deviceScaleFactor} device pixels for each`, async () => {
    await examples.visit(
      'moons/',
      async (page) => {
        await waitForText(page, '#status', /^Ready/);
        await page.click('#run');
        await waitForText(page, STEP, /^Step (4\d|[5-9]\d|\d{3,})/);
        assert.is(await text(page, '#run'), 'Pause');
        const [, first, last] = await lossesOf(page);
        assert.ok(Number(last) < Number(first), `${first} to ${last}`);
        const rows = await page.$$eval('#kernels tr', (found) => found.map((row) => row.textContent!));
        assert.ok(
          rows.some((row) => /^matmul\d+/.test(row)),
          rows.join(', '),
        );
        await page.click('#run');
        const pausedAt = await stepOf(page);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        assert.ok((await stepOf(page)) <= pausedAt + 1, 'it pauses');
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.not(wide, 'it needs no horizontal scrolling');
        const width = await page.$eval('#plane', (canvas) => [(canvas as HTMLCanvasElement).width, canvas.clientWidth]);
        assert.is(width[0], width[1]! * deviceScaleFactor);
        const pixels = await canvasPixels(page, '#plane', 64);
        assert.ok(new Set(pixels).size > 10, 'something is drawn');
        assert.equal(await nameless(page), []);
        await screenshot(page, `moons-${deviceScaleFactor}`);
        await page.click('#reset');
        await waitForText(page, '#status', /^Ready/);
        assert.is(await page.$eval('#losses', (svg) => svg.getAttribute('aria-label')), 'No losses yet');
      },
      { viewport: { width: 400, height: 800, deviceScaleFactor } },
    );
  });
}

test('nothing can be pressed until the page can answer', async () => {
  const before = () => {
    if (!navigator.gpu) return; // on the blank page before
    const own = GPU.prototype.requestAdapter;
    GPU.prototype.requestAdapter = async function (this: GPU, options) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return own.call(this, options);
    };
  };
  await examples.visit(
    'moons/',
    async (page) => {
      const disabled = () => page.$eval('#run', (button) => (button as HTMLButtonElement).disabled);
      assert.ok(await disabled());
      await waitForText(page, '#status', /^Ready/);
      assert.not(await disabled());
    },
    { before },
  );
});

test('to pause and to start again within a step does not make two steps run at once', async () => {
  await examples.visit('moons/', async (page) => {
    await waitForText(page, '#status', /^Ready/);
    await page.evaluate((selector) => {
      const told: string[] = [];
      Object.assign(globalThis, { told });
      const line = document.querySelector(selector)!;
      new MutationObserver(() => told.push(line.textContent!)).observe(line, { childList: true });
      for (let i = 0; i < 3; i++) document.querySelector<HTMLElement>('#run')!.click();
    }, STEP);
    await waitForText(page, STEP, /^Step (1\d|[2-9]\d|\d{3,})/);
    const told = (await page.evaluate('told')) as string[];
    const steps = told.map((text) => Number(/^Step (\d+)/.exec(text)?.[1])).filter((step) => step > 0);
    assert.equal(steps, [...new Set(steps)]);
  });
});

test('without WebGPU there is a sentence, and nothing to press', async () => {
  const before = () => Object.defineProperty(navigator, 'gpu', { value: undefined });
  await examples.visit(
    'moons/',
    async (page) => {
      await waitForText(page, '#status', /no WebGPU/);
      assert.ok(await page.$eval('#run', (button) => (button as HTMLButtonElement).disabled));
    },
    { before },
  );
});

test.run();

import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../benchmarks/suite/record';
import { BENCHMARK_PAGE } from '../../tools/support/benchmark-page';
import { serve } from '../../tools/support/server';
import { screenshot, TestBrowser } from '../support/browser';

const browser = await TestBrowser.launch();
const server = await serve({ benchmarks: BENCHMARK_PAGE });
const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync('benchmarks/schema.json', 'utf8')));

test.after(async () => {
  await server.close();
  await browser.close();
});

const NARROW = 400;
const WIDE = 1600;

test('the page measures, shows, exports what the schema takes and compares, on narrow and wide screens', async () => {
  const json = await browser.visit(
    `${server.url}/benchmarks/`,
    async (page) => {
      await page.evaluate(() => {
        // what would be saved as a file
        const { createObjectURL } = URL;
        HTMLAnchorElement.prototype.click = () => undefined;
        URL.createObjectURL = (blob) => {
          (globalThis as { saved?: Blob }).saved = blob as Blob;
          return createObjectURL(blob);
        };
      });
      await page.waitForSelector('#run:enabled');
      await page.select('[name=size]', '64');
      await page.type('[name=filter]', 'mean');
      await page.click('#run');
      await page.waitForSelector('#report:not([hidden])', { timeout: 0 });
      await page.click('#save-json');
      const saved = await page.evaluate(() => (globalThis as unknown as { saved: Blob }).saved.text());
      for (const width of [WIDE, NARROW]) {
        await page.setViewport({ width, height: 800 });
        await page.evaluate((text) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], 'other.json'));
          document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true, bubbles: true }));
        }, saved);
        await page.waitForSelector('#comparison:not([hidden]) svg');
        await page.evaluate(() => document.querySelectorAll('details').forEach((entry, i) => (entry.open = i % 8 === 0)));
        assert.is(await page.evaluate(() => document.documentElement.scrollWidth), width, 'nothing is wider than the page');
        await screenshot(page, `benchmark-${width}`);
      }
      assert.is(await page.evaluate(() => document.querySelectorAll('#bars rect:is(.memory, .compute)').length), 3);
      return saved;
    },
    { viewport: { width: NARROW, height: 800 } },
  );
  const report = JSON.parse(json) as Report;
  assert.ok(validate(report), JSON.stringify(validate.errors));
  assert.equal(
    report.benchmarks.filter(({ status }) => status !== 'ok'),
    [],
  );
  assert.ok(report.context.adapter.software);
});

test('a file that is not a report gives a clear error', async () => {
  await browser.visit(`${server.url}/benchmarks/`, async (page) => {
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['{}'], 'other.json'));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true, bubbles: true }));
    });
    await page.waitForSelector('#problem:not([hidden])');
    assert.match(await page.$eval('#problem', (place) => place.textContent!), /other\.json is not a report/);
  });
});

test.run();

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ElementHandle, Page } from 'puppeteer';
import sharp from 'sharp';
import * as assert from 'uvu/assert';
import { serve } from '../../tools/support/server';
import { type PageOptions, TestBrowser } from '../support/browser';

/** Small, since a software adapter draws every pixel by itself. */
const WINDOW = { width: 800, height: 800 };

/** One row of the review list, as it is read aloud, and its verdict. */
export interface Row {
  readonly text: string;
  readonly verdict: string;
}

/** The example pages, served as by `npm run examples`, and a browser. */
export class Examples {
  private constructor(
    readonly browser: TestBrowser,
    private readonly server: Awaited<ReturnType<typeof serve>>,
  ) {}

  static async open(): Promise<Examples> {
    return new Examples(await TestBrowser.launch(), await serve({ examples: 'build/examples', dist: 'dist' }));
  }

  /** Opens a page. A request to any other host fails the test. */
  async visit(path: string, work: (page: Page) => Promise<void>, options: PageOptions = {}): Promise<void> {
    const foreign: string[] = [];
    await this.browser.visit(
      'about:blank',
      async (page) => {
        page.on('request', (request) => {
          const own = request.url().startsWith(`${this.server.url}/`) || /^(blob|data):/.test(request.url());
          if (!own) foreign.push(request.url());
        });
        await page.goto(`${this.server.url}/examples/${path}`);
        await work(page);
      },
      { viewport: WINDOW, ...options },
    );
    assert.equal(foreign, []);
  }

  stopServer(): Promise<void> {
    return this.server.close();
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}

/** Chooses files in a file input. */
export async function choose(page: Page, input: string, ...files: string[]): Promise<void> {
  await ((await page.$(input)) as ElementHandle<HTMLInputElement>).uploadFile(...files);
}

/** Drops files on an element, under other names if given. */
export async function drop(
  page: Page,
  target: string,
  files: readonly string[],
  names = files.map((f) => basename(f)),
): Promise<void> {
  const given = files.map((file, i) => ({ name: names[i], bytes: readFileSync(file).toString('base64') }));
  await page.$eval(
    target,
    (element, dropped) => {
      const types: Record<string, string> = { png: 'image/png', txt: 'text/plain' };
      const dataTransfer = new DataTransfer();
      for (const { name, bytes } of dropped) {
        const content = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
        dataTransfer.items.add(new File([content], name, { type: types[name.split('.').at(-1)!] ?? '' }));
      }
      for (const type of ['dragenter', 'dragover', 'drop']) {
        element.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    },
    given,
  );
}

export const text = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent!.trim());

/** Waits until an element's text matches. */
export async function waitForText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  const fits = (s: string, source: string) => new RegExp(source).test(document.querySelector(s)?.textContent ?? '');
  await page.waitForFunction(fits, { timeout: 60_000 }, selector, pattern.source).catch(async (error: Error) => {
    error.message += `\n${selector} reads '${await text(page, selector)}', not ${pattern}`;
    throw error;
  });
}

/** Opens a model and waits until it is in use. */
export async function openModel(page: Page, file: string): Promise<void> {
  await choose(page, '#model-file', file);
  await waitForText(page, '#model-line', new RegExp(`${basename(file, '.safetensors')} · \\d+`));
}

/** The review list, once all of its parts have been inspected. */
export async function inspectedRows(page: Page, count: number): Promise<Row[]> {
  const done = (wanted: number) => {
    const rows = [...document.querySelectorAll<HTMLElement>('#parts li')];
    return rows.length === wanted && rows.every(({ dataset }) => dataset.verdict !== 'none');
  };
  await page.waitForFunction(done, { timeout: 60_000 }, count);
  return rows(page);
}

export const rows = (page: Page): Promise<Row[]> =>
  page.$$eval('#parts li', (all) => all.map((row) => ({ text: row.ariaLabel!, verdict: row.dataset.verdict! })));

/** What a canvas shows, without the caption over it: RGB bytes, size x size pixels. */
export async function canvasPixels(page: Page, canvas: string, size: number): Promise<Uint8Array> {
  const showCaption = (shown: boolean) =>
    page.$$eval('.caption', (all, hide) => all.forEach((one) => one.toggleAttribute('hidden', hide)), !shown);
  await showCaption(false);
  const shot = await (await page.$(canvas))!.screenshot();
  await showCaption(true);
  return sharp(shot).removeAlpha().resize(size, size, { fit: 'fill' }).raw().toBuffer();
}

/** Means over the pixels inside and outside a mask. */
export function means(mask: Uint8Array, value: (at: number) => number): { inside: number; outside: number } {
  const mean = (wanted: boolean) => {
    const chosen = [...mask.keys()].filter((at) => mask[at] > 0 === wanted);
    return chosen.reduce((sum, at) => sum + value(at), 0) / chosen.length;
  };
  return { inside: mean(true), outside: mean(false) };
}

/** Controls and images that a screen reader could not name. */
export async function nameless(page: Page): Promise<string[]> {
  const NAMED = [
    'button',
    'textbox',
    'slider',
    'combobox',
    'spinbutton',
    'radio',
    'listbox',
    'option',
    'link',
    'image',
    'img',
    'progressbar',
  ];
  const found: string[] = [];
  const visit = (node: { role: string; name?: string; children?: unknown[] } | null) => {
    if (!node) return;
    if (NAMED.includes(node.role) && !node.name?.trim()) found.push(node.role);
    for (const child of node.children ?? []) visit(child as typeof node);
  };
  visit(await page.accessibility.snapshot({ interestingOnly: false }));
  return found;
}

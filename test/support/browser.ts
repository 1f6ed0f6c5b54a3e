import { mkdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import puppeteer, { type Browser, type Page, type Viewport } from 'puppeteer';
import * as assert from 'uvu/assert';
import { findBrowser } from '../../tools/setup/browser';
import { serve } from '../../tools/support/server';

/** Everything in one ignored folder, which CI keeps. */
const SCREENSHOTS = 'build/screenshots';

const ARGUMENTS = [
  '--enable-unsafe-webgpu', // Linux still asks for it
  '--use-webgpu-adapter=swiftshader', // the same driver on every machine
  // canvases and the compositor by Vulkan too: else a WebGPU canvas loses its device, and screenshots lack it
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=vulkan',
  // a camera that shows a test image, and no prompt for permission
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--no-sandbox', // root and most containers cannot have one; the pages are this repository's own
];

/** How long one call in a page may take, in ms: SwiftShader is slow. */
const PATIENCE = 10 * 60_000;

export interface PageOptions {
  readonly viewport?: Viewport;
  /** messages of the console that the test provokes */
  readonly expected?: readonly RegExp[];
  /** runs in the page before its own scripts */
  readonly before?: () => void;
}

/** Headless Chromium with WebGPU on SwiftShader: one for all tests of a file. */
export class TestBrowser {
  private constructor(private readonly browser: Browser) {}

  /** Throws UsageError where this machine has no browser. */
  static async launch(): Promise<TestBrowser> {
    const options = { executablePath: findBrowser(), args: ARGUMENTS, protocolTimeout: PATIENCE };
    return new TestBrowser(await puppeteer.launch(options));
  }

  /**
   * Opens a page, runs `work` on it and closes it. Fails on whatever goes wrong in the page: an error or warning in its
   * console (broken security policy and missing files are among them), an error that no one caught.
   */
  async visit<T>(url: string, work: (page: Page) => Promise<T>, options: PageOptions = {}): Promise<T> {
    const page = await this.browser.newPage();
    const problems = problemsOf(page, options.expected ?? []);
    try {
      if (options.viewport) await page.setViewport(options.viewport);
      if (options.before) await page.evaluateOnNewDocument(options.before);
      await page.goto(url);
      const result = await work(page);
      assert.is(problems.length, 0, `${url} does not run clean`);
      return result;
    } catch (error) {
      if (problems.length) (error as Error).message += `\nthe page reports\n${problems.join('\n')}`;
      throw error;
    } finally {
      await page.close();
    }
  }

  /** Where this browser's SwiftShader is described for a Vulkan loader. Linux only: elsewhere Dawn uses no Vulkan. */
  get swiftShader(): string {
    const program = readlinkSync(`/proc/${this.browser.process()!.pid}/exe`);
    return join(dirname(program), 'vk_swiftshader_icd.json');
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** Keeps what the page looks like as build/screenshots/NAME.png, to be looked at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
}

/**
 * Calls in an empty page what a bundled module of test/ exports: of 'web/same-bits/run', which is
 * test/web/same-bits/run.page.ts, perhaps `run`. Arguments and result must be JSON.
 */
export async function callInPage<T>(browser: TestBrowser, module: string, name: string, ...args: unknown[]): Promise<T> {
  const server = await serve({ pages: 'build/pages', support: 'test/support' });
  const call = async (path: string, exported: string, given: unknown[]) => (await import(path))[exported](...given);
  try {
    return await browser.visit(`${server.url}/support/empty.html`, (page) =>
      page.evaluate(call, `/pages/${module}.page.js`, name, args),
    );
  } finally {
    await server.close();
  }
}

function problemsOf(page: Page, expected: readonly RegExp[]): string[] {
  const problems: string[] = [];
  const add = (text: string) => {
    if (!expected.some((pattern) => pattern.test(text))) problems.push(text);
  };
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) add(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => add(`not caught: ${error instanceof Error ? error.message : error}`));
  page.on('requestfailed', (request) => add(`not loaded: ${request.url()} ${request.failure()?.errorText}`));
  return problems;
}

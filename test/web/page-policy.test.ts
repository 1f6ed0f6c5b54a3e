import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Server, serve } from '../../tools/support/server';
import { TestBrowser } from '../support/browser';
import { temporaryFolder } from '../support/temporary';

/** Pages with one fault each, and what the browser reports. */
const WRONG: readonly (readonly [what: string, body: string, script: string, report: RegExp])[] = [
  ['an inline script', '<script>window.ran = true;</script>', '', /error: .*inline script.*Content Security Policy/],
  ['an inline style', '<p style="color: red">red</p>', '', /error: .*inline style.*Content Security Policy/],
  ['eval', '', "eval('1');", /not caught: .*(unsafe-eval|Evaluating a string)/],
  ['a script of another host', '<script src="//example.com/a.js"></script>', '', /error: .*Content Security Policy/],
  ['a request to another host', '', "fetch('//example.com/').catch(() => 0);", /error: .*Content Security Policy/],
  ['a missing file', '<img src="missing.png" alt="" />', '', /error: .*404/],
  ['an error that no one catches', '', "throw new Error('broken');", /not caught: .*broken/],
  ['a promise that no one catches', '', "Promise.reject(new Error('refused'));", /not caught: .*refused/],
  ['an error in the console', '', "console.error('a fault');", /error: a fault/],
  ['a warning in the console', '', "console.warn('a doubt');", /warn: a doubt/],
];

const folder = temporaryFolder();
function page(name: string, body: string, script: string): void {
  const head = `<meta charset="utf-8" /><title>${name}</title><link rel="icon" href="data:," />`;
  const tail = `${body}<script src="${name}.js"></script>`;
  writeFileSync(join(folder, `${name}.html`), `<!doctype html><head>${head}</head><body>${tail}</body>`);
  writeFileSync(join(folder, `${name}.js`), script);
}

let server: Server;
let browser: TestBrowser;
test.before(async () => {
  server = await serve({ pages: folder });
  browser = await TestBrowser.launch();
});
test.after(async () => {
  await browser?.close();
  await server?.close();
});

/** Gives the page time for what it starts when it is loaded. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

WRONG.forEach(([what, body, script, report], i) => {
  test(`${what} in a page fails its test`, async () => {
    page(`wrong-${i}`, body, script);
    const found = await browser.visit(`${server.url}/pages/wrong-${i}.html`, settled).catch((error: Error) => error);
    assert.instance(found, Error, 'nothing was reported');
    assert.match((found as Error).message, report);
  });
});

test('a page that keeps to the rules has WebGPU, isolation and images of its own', async () => {
  page('right', '<img alt="" />', "document.querySelector('img').src = URL.createObjectURL(new Blob());");
  const found = await browser.visit(
    `${server.url}/pages/right.html`,
    (tab) =>
      tab.evaluate(async () => ({
        isolated: crossOriginIsolated,
        adapter: (await navigator.gpu.requestAdapter())?.info.architecture,
      })),
    { before: () => console.error('provoked'), expected: [/provoked/] },
  );
  assert.equal(found, { isolated: true, adapter: 'swiftshader' });
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callInPage, TestBrowser } from '../support/browser';
import type { Report } from './broken-kernels/run.page';

const place = (name: string, word: string) =>
  new RegExp(`^UsageError: kernel ${name} does not compile, line 6:\n {2}y\\[0\\] = ${word};\n {9}\\^\n.*'${word}'`);

test('in a page, too, a kernel that does not compile says where, and other work goes on', async () => {
  const browser = await TestBrowser.launch();
  try {
    const report = await callInPage<Report>(browser, 'web/broken-kernels/run', 'run');
    for (const message of [report.compiled, report.rehearsed]) assert.match(message, place('bad', 'angel'));
    for (const message of [report.read, report.again]) assert.match(message, place('worse', 'devil'));
    assert.equal(report.afterwards, [1, 3]);
  } finally {
    await browser.close();
  }
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callInPage, TestBrowser } from '../support/browser';

test('a canvas that cannot be drawn to is refused, and the device stays usable', async () => {
  const browser = await TestBrowser.launch();
  try {
    const sizes = [
      [8, 8],
      [0, 0],
      [0, 8],
      [20_000, 8],
      [8, 20_000],
      [8, 8],
    ];
    const { drawn, map } = await callInPage<{ drawn: string[]; map: number[] }>(browser, 'web/canvas/run', 'run', sizes);
    assert.equal(drawn, ['drawn', 'UsageError', 'UsageError', 'UsageError', 'UsageError', 'drawn']);
    assert.equal(map, [1, 2, 3, 4]);
  } finally {
    await browser.close();
  }
});

test.run();

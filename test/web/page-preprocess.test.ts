import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { makePart } from '../../src/demo/parts';
import { callInPage, TestBrowser } from '../support/browser';
import { runProgram } from '../support/child';
import { temporaryFolder } from '../support/temporary';
import { differences } from './same-bits/compare';
import type { Report } from './same-bits/result';

/**
 * How far a byte of a decoded JPEG may be off: an inverse cosine transform may err by one, and one in Y and in Cb makes
 * 1 + 1.772 in blue. Measured: 0 between Chromium and sharp.
 */
const JPEG_BOUND = 3;

const [WIDTH, HEIGHT] = [90, 71];
const part = makePart(5, WIDTH, 'scratch').image.slice(0, 3 * WIDTH * HEIGHT);
const random = new Random(9);
const noise = Uint8Array.from(part, () => random.integer(256));
const translucent = Uint8Array.from({ length: 4 * WIDTH * HEIGHT }, () => random.integer(256));

const pixels = (data: Uint8Array): Sharp =>
  sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: data === translucent ? 4 : 3 } });

const PNG: Readonly<Record<string, Sharp>> = {
  'part.png': pixels(part).png(),
  'noise.png': pixels(noise).png(),
  'interlaced.png': pixels(part).png({ progressive: true }),
  'grey.png': pixels(part).toColourspace('b-w').png(),
  'palette.png': pixels(part).png({ palette: true, colours: 32 }),
  'sixteen.png': pixels(part).toColourspace('rgb16').png(),
  'profile.png': pixels(part).withIccProfile('p3').png(),
  'translucent.png': pixels(translucent).png(),
};
const JPEG: Readonly<Record<string, Sharp>> = {
  'part.jpg': pixels(part).jpeg({ quality: 90 }),
  'part-444.jpg': pixels(part).jpeg({ quality: 90, chromaSubsampling: '4:4:4' }),
  'progressive.jpg': pixels(part).jpeg({ quality: 75, progressive: true }),
  'grey.jpg': pixels(part).toColourspace('b-w').jpeg({ quality: 90 }),
  'turned.jpg': pixels(part).withMetadata({ orientation: 6 }).jpeg({ quality: 90 }),
  'profile.jpg': pixels(part).withIccProfile('p3').jpeg({ quality: 90 }),
  'coarse.jpg': pixels(part).jpeg({ quality: 20 }),
  'noise.jpg': pixels(noise).jpeg({ quality: 90 }),
};

let reports: { page: Report; node: Report };
test.before(async () => {
  const folder = temporaryFolder();
  const names = Object.keys({ ...PNG, ...JPEG });
  const files = names.map((name) => join(folder, name));
  await Promise.all(Object.values({ ...PNG, ...JPEG }).map((image, i) => image.toFile(files[i])));
  const browser = await TestBrowser.launch();
  const contents = names.map((name, i) => ({ name, content: [...readFileSync(files[i])] }));
  try {
    const [page, node] = await Promise.all([
      callInPage<Report>(browser, 'web/preprocess/run', 'run', contents),
      runProgram<Report>('web/preprocess/run', { VK_DRIVER_FILES: browser.swiftShader }, ...files),
    ]);
    reports = { page, node };
  } finally {
    await browser.close();
  }
});

const of = ({ results, ...report }: Report, name: string) => ({
  ...report,
  results: results.filter(({ workload }) => workload === name),
});

for (const name of Object.keys(PNG)) {
  test(`${name} gives a page and Node the same network input`, () => {
    const [page, node] = [of(reports.page, name), of(reports.node, name)];
    assert.is(page.results.length, 2);
    assert.equal(differences(page, node), []);
  });
}

test('a JPEG is decoded to bytes that differ by no more than the bound', () => {
  const largest = Object.keys(JPEG).map((name) => {
    const [page, node] = [of(reports.page, name), of(reports.node, name)].map(({ results }) => results[0].words);
    assert.is(page.length, 3 * WIDTH * HEIGHT, name);
    return Math.max(...page.map((value, i) => Math.abs(value - node[i])));
  });
  console.log(`note: JPEG in a page and in Node, largest difference of a byte: ${Math.max(...largest)}`);
  Object.keys(JPEG).forEach((name, i) => assert.ok(largest[i] <= JPEG_BOUND, `${name} differs by ${largest[i]}`));
});

test.run();

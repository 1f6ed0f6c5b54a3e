import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callInPage, TestBrowser } from '../support/browser';
import { EXAMPLES, type Learnt } from './flows';

const falls = (factor: number) => (learnt: Learnt) => {
  const losses = learnt.losses as number[];
  const [first = NaN, last = NaN] = [losses[0], losses.at(-1)];
  assert.ok(last < first - factor * Math.abs(first), `${first} to ${last}`);
};
const faultless = ({ report }: Learnt) => assert.equal((report as { problems: string[] }).problems, []);

/** What each must have learnt. */
const EXPECTED: Readonly<Record<string, (learnt: Learnt) => void>> = {
  'two-moons': ({ loss }) => assert.ok((loss as number) < 1.5, `${loss}`), // a Gaussian has 1.9
  glow: falls(0.5),
  'own-kernel': faultless,
  nice: falls(0.2),
  'pyramid-likelihood': falls(0.2),
  depthwise: falls(0.2),
};

/** Lines of an example without comments, imports and blank ones. */
function ownLines(name: string): number {
  const text = readFileSync(`examples/flows/${name}.ts`, 'utf8').replace(/^import [^;]*;$/gm, '');
  return text.split('\n').filter((line) => line.trim() && !/^\s*(\/\/|\/?\*)/.test(line)).length;
}

/** The most that the reader has to read. */
const LINES: Readonly<Record<string, number>> = { 'two-moons': 30, glow: 45, depthwise: 25 };

test('every example is tested, and short', () => {
  const files = readdirSync('examples/flows').filter((file) => file.endsWith('.ts') && !/^(data|page)/.test(file));
  assert.equal(files.map((file) => file.slice(0, -3)).sort(), Object.keys(EXAMPLES).sort());
  for (const [name, most] of Object.entries(LINES)) assert.ok(ownLines(name) <= most, `${name}: ${ownLines(name)} lines`);
});

for (const [name, run] of Object.entries(EXAMPLES)) {
  test(`${name} learns, in Node`, async () => EXPECTED[name]!(await run()));
}

const browser = await TestBrowser.launch();
test.after(() => browser.close());

for (const name of Object.keys(EXAMPLES)) {
  test(`${name} learns, in a page`, async () => EXPECTED[name]!(await callInPage(browser, 'examples/flows', 'run', name)));
}

test.run();

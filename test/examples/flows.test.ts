import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callInPage, TestBrowser } from '../support/browser';
import { EXAMPLES, type Learnt } from './flows';

/** The last loss, or `loss` if there is one, is below a bound. */
const below = (bound: number) => (learnt: Learnt) => {
  const loss = (learnt.loss ?? (learnt.losses as number[]).at(-1)) as number;
  assert.ok(loss < bound, `${loss}, not below ${bound}`);
};
const faultless = ({ report }: Learnt) => assert.equal((report as { problems: string[] }).problems, []);

/** What each must have learnt: less than these bounds is out of reach of the same flow without its couplings. */
const EXPECTED: Readonly<Record<string, (learnt: Learnt) => void>> = {
  'two-moons': below(1.5), // 1.37; a Gaussian: 1.92
  glow: below(0.35), // -0.01; without couplings: 0.70
  'own-kernel': faultless,
  nice: below(1.9), // 1.55; without: 2.29
  'pyramid-likelihood': below(300), // -356; without: 1006
  depthwise: below(2200), // 1829; without: 2649
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

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { markdownReport, textReport, threeDigits } from '../../benchmarks/report/table';
import { ratesOf, rooflinesOf } from '../../benchmarks/suite/record';
import { suite } from '../../benchmarks/suite/suite';
import { record, report } from './support';

const roof = (name: string, shape: string, ms: number, work: object) =>
  record(name, [ms], { group: 'roofline', shape, work });
const ROOFS = [
  roof('multiply-add f32', '4 chains', 1, { flop: 2e9 }), // 2000 GFLOP/s
  roof('multiply-add f32', '8 chains', 1, { flop: 4e9 }),
  roof('copy', 'large', 10, { bytes: 1e9 }), // 100 GB/s
  roof('copy', 'small', 0.01, { bytes: 1e7 }), // 1000 GB/s
];

test('the roofs are the best of each kind; copies stand by size', () => {
  const copies = [
    { bytes: 1e7, rate: 1000 },
    { bytes: 1e9, rate: 100 },
  ];
  assert.equal(rooflinesOf(ROOFS), { f32: 4000, copies });
  assert.equal(rooflinesOf([...ROOFS, roof('multiply-add f16', 'x', 1, { flop: 8e9 })]), { f32: 4000, f16: 8000, copies });
  assert.is(rooflinesOf(ROOFS.map((entry) => ({ ...entry, status: 'wrong' as const }))), undefined);
});

test('an entry is held against the roof that allows the least', () => {
  const roofs = rooflinesOf(ROOFS);
  assert.equal(ratesOf({ flop: 4e9, bytes: 1e6 }, 2, roofs), {
    gflops: 2000,
    bandwidth: 0.5,
    bound: 'compute',
    percent: 50,
  });
  const small = ratesOf({ bytes: 1e7 }, 0.02, roofs);
  assert.equal(small, { bandwidth: 500, bound: 'memory', percent: 50 });
  assert.is(ratesOf({ bytes: 2e9 }, 40, roofs).percent, 50, 'more than the largest copy');
  assert.equal(ratesOf({ flop: 1e9 }, 1, undefined), { gflops: 1000 });
});

test('tables hold what was measured, and say what was wrong', () => {
  const wrong = record('b|c', [], {
    status: 'wrong',
    remark: 'off by 1',
    samples: undefined,
    time: undefined,
    repeats: undefined,
  });
  const made = report([record('a', [1, 2, 4], { rates: { gflops: 1234.5, bound: 'compute', percent: 7.04 } }), wrong], true);
  const text = textReport(made);
  assert.match(text, /^a +2x3 +2 +1\.2 +3\.6 +1 +50\.0 +1235 +7\.0 +compute +5 +3 x 3$/m);
  assert.match(text, '! b|c (2x3): wrong: off by 1');
  assert.match(text, 'Acme | One (software: the CPU computes)');
  const markdown = markdownReport(made);
  assert.match(markdown, '| a | 2x3 | 2 |');
  assert.match(markdown, '| b\\|c | 2x3 |  |');
});

for (const [value, text] of [
  [0, '0'],
  [1234.5, '1235'],
  [12.345, '12.3'],
  [0.001234, '0.00123'],
  [0.0001234, '1.2e-4'],
] as const) {
  test(`${value} is shown as ${text}`, () => assert.is(threeDigits(value), text));
}

test('the suite names no entry twice and can be filtered', () => {
  const all = suite({ size: 256 });
  const ids = all.map(({ name, shape }) => `${name} (${shape})`);
  assert.is(new Set(ids).size, ids.length);
  const blurs = suite({ size: 256, filter: 'BLUR' });
  assert.equal(
    blurs.map(({ shape }) => shape),
    [256, 128, 64, 32].map((side) => `2x16x${side}x${side}`),
  );
  assert.is(suite({ size: 256, quick: true, filter: 'blur' }).length, 1);
  const groups = new Set(all.map(({ group }) => group));
  assert.equal([...groups].sort(), ['convolution', 'fft', 'kernel', 'model', 'overhead']);
});

test.run();

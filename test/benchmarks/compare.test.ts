import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareReports, tally, textComparison, verdictOn } from '../../benchmarks/report/compare';
import { parseReport } from '../../benchmarks/report/load';
import { ratioPlot, standalone } from '../../benchmarks/report/plot';
import { record, report } from './support';

for (const [low, high, verdict] of [
  [0.5, 0.96, 'faster'],
  [0.5, 0.98, 'unclear'],
  [0.98, 1.02, 'same'],
  [0.9, 1.1, 'unclear'],
  [1.02, 1.2, 'unclear'],
  [1.04, 1.2, 'slower'],
] as const) {
  test(`an interval from ${low} to ${high} is ${verdict}`, () => {
    assert.is(verdictOn({ ratio: (low + high) / 2, low, high }), verdict);
  });
}

const steady = (ms: number) => Array.from({ length: 15 }, (_, i) => ms * (1 + (i % 5) / 500));
const shaky = (ms: number) => Array.from({ length: 15 }, (_, i) => ms * (1 + (i % 5) / 2));

test('two reports are compared entry by entry', () => {
  const before = report([
    record('a', steady(2)),
    record('b', steady(2)),
    record('c', shaky(2)),
    record('d', steady(1)),
    record('old', [1]),
  ]);
  const after = report([
    record('b', steady(3)),
    record('a', steady(1)),
    record('c', shaky(2.2)),
    record('d', steady(1.01)),
    record('new', [1]),
  ]);
  const comparison = compareReports(before, after);
  assert.equal(
    comparison.rows.map(({ id, verdict }) => [id, verdict]),
    [
      ['a (2x3)', 'faster'],
      ['b (2x3)', 'slower'],
      ['c (2x3)', 'unclear'],
      ['d (2x3)', 'same'],
    ],
  );
  assert.is(tally(comparison), '1 faster, 1 slower, 1 same, 1 unclear');
  assert.equal(comparison.remarks, ['old (2x3) is only in the first', 'new (2x3) is only in the second']);
  assert.match(textComparison(comparison), /a \(2x3\) +faster +2(\.0\d)? +1(\.0\d)? +0\.500 /);
});

test('entries not timed, or timed by another clock, are reported and not compared', () => {
  const wrong = record('a', [], { status: 'wrong', remark: 'off', samples: undefined, time: undefined });
  const { rows, remarks } = compareReports(
    report([wrong, record('b', [1])]),
    report([record('a', [1]), record('b', [1], { clock: 'gpu' })]),
  );
  assert.equal(rows, []);
  assert.equal(remarks, ['a (2x3): wrong before, ok after', 'b (2x3): timed by wall clock before, by gpu after']);
});

test('software is not compared with hardware, unless forced', () => {
  const [hardware, software] = [report([record('a', [1])]), report([record('a', [2])], true)];
  assert.throws(() => compareReports(hardware, software), /Acme \| One and Acme \| One \(software.*--force/);
  const { rows, remarks } = compareReports(hardware, software, true);
  assert.is(rows[0].ratio, 2);
  assert.ok(remarks.includes('the adapters differ'));
});

test('the plot is one SVG element, with every entry and nothing unescaped', () => {
  const reports = [report([record('a<b & "c"', steady(1))]), report([record('a<b & "c"', steady(2))])];
  const svg = standalone(ratioPlot(compareReports(reports[0], reports[1])));
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*>.*<\/svg>$/s);
  assert.match(svg, 'a&#60;b &#38; &#34;c&#34;');
  assert.not.match(svg, 'NaN');
});

test('a file that is not a report is refused', () => {
  for (const text of ['', '{}', '[1]', 'null', '{"format": "pyramidflow-benchmark-1"}']) {
    assert.throws(() => parseReport(text, 'x.json'), /x\.json is not a report/);
  }
  assert.equal(parseReport(JSON.stringify(report([])), 'x.json'), report([]));
});

const whole = JSON.stringify(report([record('blur', [1, 2])]));
for (const [part, instead, message] of [
  ['"vendor":"acme"', '"vendor":7', /context\.adapter\.vendor/],
  ['"median":1.5', '"median":1e999', /benchmarks\.0\.time\.median/],
  ['"median":1.5', '"median":0', /no time/],
  ['"samples":[1,2]', '"samples":[]', /no time/],
  ['"samples":[1,2]', '"samples":[1,null]', /samples\.1/],
  ['"clock":"wall"', '"clock":"sun"', /clock is not one of gpu, wall/],
  ['"status":"ok"', '"status":"failed"', /remark is missing/],
  ['"repeats":3', '"repeats":0', /repeats/],
  ['"pipelines":[]', '"x":[]', /pipelines is missing/],
  ['"pipelines":[]', '"pipelines":[],"x":1', /unknown field/],
  ['2026-01-02T', 'yesterday ', /context\.date/],
] as const) {
  test(`${instead} in place of ${part} is refused`, () => {
    assert.ok(whole.includes(part), whole);
    assert.throws(() => parseReport(whole.replace(part, instead), 'x.json'), message);
  });
}

test.run();

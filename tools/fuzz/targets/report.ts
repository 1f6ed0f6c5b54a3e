import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compareReports, markdownComparison, textComparison } from '../../../benchmarks/report/compare';
import { parseReport } from '../../../benchmarks/report/load';
import { ratioPlot } from '../../../benchmarks/report/plot';
import { markdownReport, textReport } from '../../../benchmarks/report/table';
import schema from '../../../benchmarks/schema.json';
import type { Report } from '../../../benchmarks/suite/record';
import { record, report as reportOf } from '../../../test/benchmarks/support';
import { mutatedText, mutateJson } from '../json';
import { chance, mutateBytes } from '../mutate';
import { target } from '../target';

const fits = new Ajv2020().compile(schema);

const VALID: Report = {
  ...reportOf([
    record('blur', [1, 2, 3], {
      work: { flop: 100, bytes: 200 },
      rates: { gflops: 1, bandwidth: 2, bound: 'memory', percent: 50 },
    }),
    record('fft', [4, 5], { group: 'fft', remark: 'it was slow' }),
    { ...record('up', [1]), status: 'failed', remark: 'out of memory', samples: undefined, time: undefined },
  ]),
  rooflines: { f32: 100, f16: 200, copies: [{ bytes: 1024, rate: 5 }] },
  pipelines: [{ kernel: 'blur', constants: { WIDTH: 3 }, ms: 2 }],
};
const PLAIN: unknown = JSON.parse(JSON.stringify(VALID));

export const report = target({
  name: 'report',
  refusals: ['DataError'],
  generate: (random) => {
    const text = new TextEncoder().encode(mutatedText(chance(random, 20) ? PLAIN : mutateJson(PLAIN, random), random));
    return chance(random, 5) ? mutateBytes(text, random) : text;
  },
  read: (bytes) => parseReport(new TextDecoder().decode(bytes), 'x.json'),
  check: (found, _, { deep }) => {
    assert.ok(fits(found), `schema.json: ${JSON.stringify(fits.errors)?.slice(0, 200)}`);
    textReport(found);
    markdownReport(found);
    if (!deep) return;
    const comparison = compareReports(found, VALID, true);
    for (const { ratio, low, high } of comparison.rows)
      assert.ok(
        [ratio, low, high].every((x) => x > 0 && x < Infinity),
        `a ratio of ${ratio}`,
      );
    textComparison(comparison);
    markdownComparison(comparison);
    ratioPlot(comparison);
  },
});

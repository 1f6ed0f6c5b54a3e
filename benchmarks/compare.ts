import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { PyramidFlowError } from '../src/core/errors';
import { main } from '../tools/support/main';
import { compareReports, markdownComparison, textComparison } from './report/compare';
import { parseReport } from './report/load';
import { ratioPlot, standalone } from './report/plot';

// Compares two reports: `npm run bench -- compare before.json after.json [--plot FILE.svg] [--markdown FILE.md] [--force]`.

main((args) => {
  const options = {
    plot: { type: 'string' },
    markdown: { type: 'string' },
    force: { type: 'boolean', default: false },
  } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.length !== 2) {
    throw new PyramidFlowError(
      'UsageError',
      `${positionals.length} reports were given`,
      'name two: npm run bench -- compare before.json after.json',
    );
  }
  const [before, after] = positionals.map((file) => parseReport(readFileSync(file, 'utf8'), file));
  const comparison = compareReports(before, after, values.force);
  console.log(textComparison(comparison));
  save(values.plot ?? 'runs/bench/compare.svg', standalone(ratioPlot(comparison)));
  if (values.markdown) save(values.markdown, markdownComparison(comparison));
});

function save(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(file);
}

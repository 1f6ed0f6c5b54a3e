import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { PyramidFlowError } from '../src/core/errors';
import { openRuntime } from '../src/node/dawn';
import { main } from '../tools/support/main';
import { about } from './node/context';
import { markdownReport, textReport } from './report/table';
import { measure } from './suite/measure';
import type { Progress } from './suite/run';

// Measures this machine's adapter: every kernel at the model's shapes, the model, overheads and rooflines.
// Options: --quick, --filter PART, --size SIDE (a multiple of 64), --seed N, --json FILE (default runs/bench/DATE.json), --markdown FILE

main(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      filter: { type: 'string', default: '' },
      size: { type: 'string' },
      seed: { type: 'string', default: '1' },
      json: { type: 'string' },
      markdown: { type: 'string' },
    },
  });
  const size = values.size === undefined ? undefined : Number(values.size);
  if (size !== undefined && !(size >= 64 && size % 64 === 0)) {
    throw new PyramidFlowError(
      'UsageError',
      `--size ${values.size} does not fit the model`,
      'give a multiple of 64, such as 256',
    );
  }
  const { quick, filter } = values;
  const gpu = await openRuntime();
  const report = await measure(gpu, about(), { quick, filter, size, seed: Number(values.seed), onProgress: showProgress });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(textReport(report));
  const json = values.json ?? `runs/bench/${report.context.date.replace(/[:.]/g, '-')}.json`;
  save(json, `${JSON.stringify(report, undefined, 1)}\n`);
  if (values.markdown) save(values.markdown, markdownReport(report));
  if (report.benchmarks.some(({ status }) => status !== 'ok')) process.exitCode = 1;
  gpu.dispose();
});

function showProgress({ phase, done, of, entry }: Progress): void {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[K${phase} ${done + 1}/${of}: ${entry.name} (${entry.shape})`.slice(0, 110));
}

function save(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`\n${file}`);
}

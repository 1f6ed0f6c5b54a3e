import type { Command } from 'commander';
import { openChoices } from '../../tuner/choices';
import { type TuningResult, tune } from '../../tuner/tune';
import { writeTuning } from '../files/tuning-file';
import { progressBar } from './progress';
import { EXIT, notice, printResult, table, wholeNumber, withRuntime } from './shared';

interface TuneArguments {
  readonly size: number;
  readonly samples: number;
  readonly json?: boolean;
}

export function addTune(program: Command): void {
  program
    .command('tune')
    .description('find the fastest kernel variants on this adapter, and use them from now on')
    .option('--size <pixels>', 'side of the images for timing', wholeNumber(16, 1024), 64)
    .option('--samples <n>', 'timed runs per variant', wholeNumber(3, 999), 9)
    .option('--json', 'print the result as JSON')
    .action(runTune);
}

async function runTune({ size, samples, json }: TuneArguments): Promise<void> {
  await withRuntime(async (gpu) => {
    const bar = progressBar('tuning');
    const { length } = openChoices(gpu.adapter);
    let done = 0;
    const onResult = ({ name }: TuningResult) => bar.update(++done, length, name);
    const results = await tune(gpu, { side: size, samples, onResult }).finally(bar.stop);
    const file = await writeTuning(gpu.adapter, gpu.choices);
    if (results.some(({ chosen }) => chosen === undefined)) process.exitCode = EXIT.failed;
    printResult(json, { adapter: gpu.adapter, results, file }, () => describe(results));
    notice(`saved to ${file}; delete this file to return to the defaults`);
  });
}

function describe(results: readonly TuningResult[]): string {
  const rows = results.flatMap(({ name, options, chosen }) =>
    options.map(({ option, ms, problem }) => [
      name,
      option,
      ms === undefined ? `wrong: ${problem}` : `${ms.toFixed(1)} ms`,
      option === chosen ? 'chosen' : '',
    ]),
  );
  return table([['choice', 'option', 'convolution and gradients', ''], ...rows]);
}

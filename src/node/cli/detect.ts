import type { Command } from 'commander';
import { PyramidFlowError } from '../../core/errors';
import { scaleFor } from '../../image/heat-map';
import { Detector } from '../../inspection/detector';
import { type DetectionRow, detectFiles } from '../detect-files';
import { readCheckpoint } from '../files/checkpoint-file';
import { findInputs } from '../files/input-files';
import { progressBar } from './progress';
import {
  endedText,
  finish,
  MAX_PIXELS_OPTION,
  notice,
  positiveNumber,
  printResult,
  table,
  untilStopped,
  withRuntime,
} from './shared';
import { named, printable } from './terminal';

interface DetectArguments {
  readonly model: string;
  readonly out: string;
  readonly scale?: number;
  readonly maxPixels?: number;
  readonly json?: boolean;
}

const AFTER_HELP = `
DIR receives NAME.heat.png and NAME.overlay.png for every picture, in the folders that the pictures are in. Colours mean
the same in all of them: from 0 to twice the threshold, unless --scale says otherwise.

results.csv and results.jsonl receive a row a picture while it runs. Each line of results.jsonl is a JSON object: the
first one says category, size, threshold and scale, every other one is a picture. A picture that fails is a row with an
error and without a verdict. Text in results.csv that a spreadsheet would take for a formula begins with a quote (').

Exit code 0: every picture has its verdict. 1: one or more failed. 130: Ctrl-C stopped it, after the picture under way;
what was judged is kept and printed.`;

export function addDetect(program: Command): void {
  program
    .command('detect')
    .description('find defects on pictures')
    .argument('<image|dir...>', 'pictures, or folders of pictures')
    .requiredOption('--model <file>', 'model file of `train`')
    .requiredOption('--out <dir>', 'folder for the results')
    .option('--scale <max>', 'largest value of the colour scale (default: twice the threshold)', positiveNumber)
    .option(...MAX_PIXELS_OPTION)
    .option('--json', 'print the results as JSON')
    .addHelpText('after', AFTER_HELP)
    .action(detect);
}

async function detect(paths: readonly string[], options: DetectArguments): Promise<void> {
  const { model, out, scale, maxPixels, json } = options;
  const checkpoint = await readCheckpoint(model, notice);
  const max = scale ?? (checkpoint.threshold && scaleFor(checkpoint.threshold));
  if (!max)
    throw new PyramidFlowError('UsageError', `${model} has no threshold to take the colour scale from`, 'pass --scale MAX');
  const inputs = await findInputs(paths, out);
  const { rows, ended } = await untilStopped((signal) =>
    withRuntime(async (gpu) => {
      const detector = Detector.fromCheckpoint(gpu, checkpoint);
      const bar = progressBar('detecting');
      const onRow = (_: DetectionRow, done: number, of: number) => bar.update(done, of);
      const found = await detectFiles(detector, inputs, out, max, { signal, maxPixels, onRow }).finally(bar.stop);
      detector.dispose();
      return found;
    }),
  );
  const failed = rows.flatMap(({ path, error }) => (error === undefined ? [] : named(path, error)));
  for (const failure of failed) notice(printable(failure));
  notice(`heat maps, overlays and results are in ${printable(out)}, on a scale from 0 to ${max.toPrecision(4)}`);
  const result = {
    model,
    threshold: checkpoint.threshold,
    scale: [0, max],
    of: inputs.length,
    ended: endedText(ended),
    images: rows,
  };
  printResult(json, result, () => (rows.length ? table(rows.map(line)) : 'no picture was looked at'));
  finish(ended, failed.length > 0, `${rows.length} of ${inputs.length} pictures were looked at`);
}

function line({ path, score, verdict, uploadMs = 0, networkMs = 0, readMs = 0, error }: DetectionRow): string[] {
  const cells = [path, score?.toPrecision(4) ?? '-'];
  return error === undefined
    ? [...cells, verdict ?? '', `${(uploadMs + networkMs + readMs).toFixed(1)} ms`]
    : [...cells, 'failed', error];
}

import type { Command } from 'commander';
import { Detector } from '../../inspection/detector';
import { describeFailure } from '../describe';
import { type DetectionRow, detectFiles } from '../detect-files';
import { readCheckpoint } from '../files/checkpoint-file';
import { findInputs } from '../files/input-files';
import { progressBar } from './progress';
import {
  colorScale,
  endedText,
  finish,
  MAX_PIXELS_OPTION,
  notice,
  positiveNumber,
  printResult,
  table,
  untilStopped,
  WORKSPACE_OPTION,
  withRuntime,
} from './shared';
import { printable } from './terminal';

interface DetectArguments {
  readonly model: string;
  readonly out: string;
  readonly scale?: number;
  readonly maxPixels?: number;
  readonly workspace?: number;
  readonly json?: boolean;
}

const AFTER_HELP = `
For every image, DIR receives NAME.heat.png and NAME.overlay.png, in subfolders like those of the images. All of them
share one colour scale, from 0 to twice the threshold unless --scale is given.

results.csv and results.jsonl receive one row per image during the run. Each line of results.jsonl is a JSON object: the
first has category, size, threshold and scale, and each of the others is an image. An image that fails becomes a row with
an error and without a verdict. Text in results.csv that a spreadsheet would take for a formula begins with a quote (').

Exit code 0: every image has a verdict. 1: one or more failed. 130: Ctrl-C stopped the run after the image under way;
results so far are kept and printed.`;

export function addDetect(program: Command): void {
  program
    .command('detect')
    .description('find defects in images')
    .argument('<image|dir...>', 'images, or folders of images')
    .requiredOption('--model <file>', 'model file written by `train`')
    .requiredOption('--out <dir>', 'folder for the results')
    .option('--scale <max>', 'largest value of the colour scale (default: twice the threshold)', positiveNumber)
    .option(...MAX_PIXELS_OPTION)
    .option(...WORKSPACE_OPTION)
    .option('--json', 'print the results as JSON')
    .addHelpText('after', AFTER_HELP)
    .action(detect);
}

async function detect(paths: readonly string[], options: DetectArguments): Promise<void> {
  const { model, out, scale, maxPixels, json } = options;
  const checkpoint = await readCheckpoint(model, notice);
  const max = colorScale(model, scale, checkpoint.threshold);
  const inputs = await findInputs(paths, out);
  const { rows, ended } = await untilStopped((signal) =>
    withRuntime(
      async (gpu) => {
        const detector = Detector.fromCheckpoint(gpu, checkpoint);
        const bar = progressBar('detecting');
        const found = await detectFiles(detector, inputs, out, max, { signal, maxPixels, onProgress: bar.update }).finally(
          bar.stop,
        );
        detector.dispose();
        return found;
      },
      { workspace: options.workspace },
    ),
  );
  const failed = rows.flatMap(({ path, error }) => (error === undefined ? [] : describeFailure(path, error)));
  for (const failure of failed) notice(printable(failure));
  notice(`heat maps, overlays and results are in ${printable(out)}; colour scale from 0 to ${max.toPrecision(4)}`);
  const result = {
    model,
    threshold: checkpoint.threshold,
    scale: [0, max],
    of: inputs.length,
    ended: endedText(ended),
    images: rows,
  };
  printResult(json, result, () => (rows.length ? table(rows.map(line)) : 'no image was judged'));
  finish(ended, failed.length > 0, `${rows.length} of ${inputs.length} images were judged`);
}

function line({ path, score, verdict, uploadMs = 0, networkMs = 0, readMs = 0, error }: DetectionRow): string[] {
  const cells = [path, score?.toPrecision(4) ?? '-'];
  return error === undefined
    ? [...cells, verdict ?? '', `${(uploadMs + networkMs + readMs).toFixed(1)} ms`]
    : [...cells, 'failed', error];
}

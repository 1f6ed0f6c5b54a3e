import type { Command } from 'commander';
import { scaleFor } from '../../data/heat-map';
import { PyramidFlowError } from '../../errors';
import { Detector } from '../../model/detector';
import { readCheckpoint } from '../checkpoint-file';
import { type DetectionRow, detectFiles } from '../detect-files';
import { findInputs } from '../input-files';
import { progressBar } from '../progress';
import { EXIT, notice, positiveNumber, printResult, table, withRuntime } from './shared';

interface DetectArguments {
  readonly model: string;
  readonly out: string;
  readonly scale?: number;
  readonly json?: boolean;
}

const AFTER_HELP = `
DIR receives NAME.heat.png and NAME.overlay.png for every picture, in the folders that the pictures are in, and
results.csv and results.json. Colours mean the same in all of them: from 0 to twice the threshold, unless --scale says
otherwise.`;

export function addDetect(program: Command): void {
  program
    .command('detect')
    .description('find defects on pictures')
    .argument('<image|dir...>', 'pictures, or folders of pictures')
    .requiredOption('--model <file>', 'model file of `train`')
    .requiredOption('--out <dir>', 'folder for the results')
    .option('--scale <max>', 'largest value of the colour scale (default: twice the threshold)', positiveNumber)
    .option('--json', 'print the results as JSON')
    .addHelpText('after', AFTER_HELP)
    .action(detect);
}

async function detect(paths: readonly string[], { model, out, scale, json }: DetectArguments): Promise<void> {
  const checkpoint = await readCheckpoint(model);
  const max = scale ?? (checkpoint.threshold && scaleFor(checkpoint.threshold));
  if (!max)
    throw new PyramidFlowError(
      'UsageError',
      `${model} has no threshold to take the colour scale from`,
      'pass --scale MAX',
    );
  const inputs = await findInputs(paths, out);
  const rows = await withRuntime(async (gpu) => {
    const detector = Detector.fromCheckpoint(gpu, checkpoint);
    const bar = progressBar('detecting');
    const found = await detectFiles(detector, inputs, out, max, (_, done, of) => bar.update(done, of)).finally(
      bar.stop,
    );
    detector.dispose();
    return found;
  });
  const unreadable = rows.flatMap(({ error }) => error ?? []);
  for (const error of unreadable) notice(error);
  if (unreadable.length) process.exitCode = EXIT.failed;
  notice(`heat maps, overlays and results are in ${out}, on a scale from 0 to ${max.toPrecision(4)}`);
  printResult(json, { model, threshold: checkpoint.threshold, scale: [0, max], images: rows }, () =>
    table(rows.map(line)),
  );
}

function line({ path, score, verdict, runMs, error }: DetectionRow): string[] {
  if (score === undefined) return [path, '-', 'not read', error ?? ''];
  return [path, score.toPrecision(4), verdict ?? '', `${runMs} ms`];
}

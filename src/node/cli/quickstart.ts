import { join } from 'node:path';
import type { Command } from 'commander';
import { partsDataset } from '../../demo/parts';
import { writePng } from '../files/image-file';
import { mapParallel } from '../parallel';
import { evaluationJson, evaluationTable, finishEvaluation, finishReport, runEvaluation } from './evaluate';
import { EXIT, notice, printResult } from './shared';
import { printable } from './terminal';
import { runTraining } from './train';

/** Small enough for two CPU cores, large enough to show the defects. */
const PARTS = { size: 128, train: 40, good: 10, perDefect: 6, seed: 2023 };
const MODEL = {
  size: { height: 128, width: 128 },
  channels: 8,
  levels: 4,
  stacks: 2,
  kernel: 5,
  norm: 'SVN',
  epochs: 9,
  learningRate: 1e-3, // five times the released rate, since there are few steps
  seed: 0,
} as const;
const CATEGORY = 'parts';
const ENCODES = 4;

export function addQuickstart(program: Command): void {
  program
    .command('quickstart')
    .description('try it: make a small data set with known defects, train, evaluate, and write a report')
    .option('--out <dir>', 'folder for the data set, the model and the report', 'quickstart')
    .option('--json', 'print the result as JSON')
    .action(quickstart);
}

async function quickstart({ out, json }: { out: string; json?: boolean }): Promise<void> {
  const [data, model, report] = [join(out, 'data'), join(out, 'model.safetensors'), join(out, 'report')];
  const files = partsDataset(PARTS);
  notice(`writing ${files.length} images and masks of synthetic parts to ${data}`);
  await mapParallel(files, ENCODES, (file) => writePng(join(data, file.path), file));
  if (!(await runTraining({ ...MODEL, data, category: CATEGORY, out: model, force: true }))) {
    process.exitCode = EXIT.interrupted;
    return;
  }
  const options = { model, data, category: CATEGORY, report };
  const evaluation = await runEvaluation(options);
  const { result } = evaluation;
  await finishReport(evaluation);
  printResult(
    json,
    evaluationJson(options, result),
    () => `${evaluationTable(result)}\n\nopen ${printable(join(report, 'index.html'))}`,
  );
  finishEvaluation(result);
}

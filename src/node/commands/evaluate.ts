import type { Command } from 'commander';
import { scaleFor } from '../../data/heat-map';
import type { Metric } from '../../metrics/evaluate';
import type { Checkpoint } from '../../model/checkpoint';
import { Detector } from '../../model/detector';
import { writeAtomic } from '../atomic-file';
import { readCheckpoint } from '../checkpoint-file';
import { openDataset } from '../dataset';
import { type FolderEvaluation, evaluateFolder } from '../evaluate-folder';
import { progressBar } from '../progress';
import { writeReport } from '../report/write-report';
import { adapterName, notice, positiveNumber, printResult, table, withRuntime } from './shared';

export interface EvaluateArguments {
  readonly model: string;
  readonly data: string;
  readonly category?: string;
  readonly json?: string | true;
  readonly report?: string;
  readonly scale?: number;
}

const NAMES: Readonly<Record<Metric, string>> = {
  imageAuroc: 'image AUROC',
  pixelAuroc: 'pixel AUROC',
  pixelAp: 'pixel AP',
  aupro30: 'AUPRO at 0.3',
  aupro5: 'AUPRO at 0.05',
  aupro100: 'AUPRO at 1.0',
};

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure how well a model finds the defects of a data set')
    .requiredOption('--model <file>', 'model file of `train`')
    .requiredOption('--data <dir>', 'data set with test pictures and masks')
    .option('--category <name>', 'subfolder of the data set; default: the data set itself is the category')
    .option('--report <dir>', 'write a page with all test pictures, their heat maps and masks')
    .option(
      '--scale <max>',
      "largest value of the report's colour scale (default: twice the threshold)",
      positiveNumber,
    )
    .option('--json [file]', 'print the result as JSON, or write it to a file')
    .addHelpText(
      'after',
      '\nMetrics are taken at the size of the model; masks are resized by area. Times exclude decoding.',
    )
    .action(evaluate);
}

async function evaluate(options: EvaluateArguments): Promise<void> {
  const result = await runEvaluation(options);
  const json = evaluationJson(options, result);
  if (typeof options.json === 'string') await writeAtomic(options.json, `${JSON.stringify(json, undefined, 2)}\n`);
  printResult(options.json === true, json, () => evaluationTable(result));
}

/** Evaluates with progress on stderr, and writes the report where one is asked for. */
export async function runEvaluation({
  model,
  data,
  category,
  report,
  scale,
}: EvaluateArguments): Promise<FolderEvaluation> {
  const checkpoint = await readCheckpoint(model);
  const dataset = await openDataset(data, category);
  return withRuntime(async (gpu) => {
    const detector = Detector.fromCheckpoint(gpu, checkpoint);
    const bar = progressBar('evaluating');
    const result = await evaluateFolder(detector, dataset, bar.update).finally(bar.stop);
    detector.dispose();
    if (result.missingMasks.length) {
      notice(`${result.missingMasks.length} defective pictures have no mask: they count for image AUROC alone`);
    }
    if (report) {
      const summary = reportSummary(checkpoint, result, adapterName(gpu.adapter), scale);
      notice(`report: ${await writeReport(report, summary, result.pictures)}`);
    }
    return result;
  });
}

function reportSummary(
  checkpoint: Checkpoint,
  { metrics, msPerImage, pictures }: FolderEvaluation,
  adapter: string,
  scale?: number,
) {
  const { category, config, threshold, training } = checkpoint;
  const highest = Math.max(...pictures.map(({ score }) => score));
  return {
    category,
    config,
    adapter,
    evaluation: metrics,
    msPerImage,
    threshold,
    scale: scale ?? (threshold === undefined ? highest : scaleFor(threshold)),
    log: training?.log ?? [],
  };
}

export function evaluationJson(
  { model, data, category }: EvaluateArguments,
  { metrics, msPerImage, pictures, missingMasks }: FolderEvaluation,
) {
  const { reasons, ...values } = metrics;
  return {
    model,
    data,
    category,
    ...values,
    reasons,
    msPerImage,
    missingMasks,
    images: pictures.map(({ path, defect, label, score, verdict }) => ({ path, defect, label, score, verdict })),
  };
}

export function evaluationTable({ metrics, msPerImage, pictures }: FolderEvaluation): string {
  const rows = Object.entries(NAMES).map(([metric, name]) => {
    const value = metrics[metric as Metric];
    return [name, value === null ? `undefined: ${metrics.reasons[metric as Metric]}` : value.toFixed(4)];
  });
  const good = pictures.filter(({ label }) => label === 0).length;
  return table([
    ...rows,
    ['ms per image', `${msPerImage.toFixed(1)} (median; resize, network and map, without decoding)`],
    ['pictures', `${good} good, ${pictures.length - good} defective`],
  ]);
}

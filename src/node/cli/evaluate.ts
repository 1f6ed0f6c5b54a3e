import type { Command } from 'commander';
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { PyramidFlowError } from '../../core/errors';
import { scaleFor } from '../../image/heat-map';
import { Detector } from '../../inspection/detector';
import type { Metric } from '../../metrics/evaluate';
import { evaluateFolder, type FolderEvaluation } from '../evaluate-folder';
import { prepareFolder, prepareFolderOf, writeAtomic } from '../files/atomic-file';
import { readCheckpoint } from '../files/checkpoint-file';
import { openDataset } from '../files/dataset';
import type { ReportSummary } from '../report/page';
import { extent } from '../report/svg';
import { writeReport } from '../report/write-report';
import { progressBar } from './progress';
import {
  adapterName,
  EXIT,
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

export interface EvaluateArguments {
  readonly model: string;
  readonly data: string;
  readonly category?: string;
  readonly json?: string | true;
  readonly report?: string;
  readonly scale?: number;
  readonly maxPixels?: number;
}

const NAMES: Readonly<Record<Metric, string>> = {
  imageAuroc: 'image AUROC',
  pixelAuroc: 'pixel AUROC',
  pixelAp: 'pixel AP',
  aupro30: 'AUPRO at 0.3',
  aupro5: 'AUPRO at 0.05',
  aupro100: 'AUPRO at 1.0',
};

const AFTER_HELP = `
Metrics are taken at the size of the model; masks are resized by area. Times exclude decoding.

A picture that cannot be read or judged, or whose mask cannot, counts for no metric and is named; the exit code then is
1. Ctrl-C stops after the picture under way: the metrics of those judged so far are printed, with exit code 130.`;

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure how well a model finds the defects of a data set')
    .requiredOption('--model <file>', 'model file of `train`')
    .requiredOption('--data <dir>', 'data set with test pictures and masks')
    .option('--category <name>', 'subfolder of the data set; default: the data set itself is the category')
    .option('--report <dir>', 'write a page with all test pictures, their heat maps and masks')
    .option('--scale <max>', "largest value of the report's colour scale (default: twice the threshold)", positiveNumber)
    .option(...MAX_PIXELS_OPTION)
    .option('--json [file]', 'print the result as JSON, or write it to a file')
    .addHelpText('after', AFTER_HELP)
    .action(evaluate);
}

async function evaluate(options: EvaluateArguments): Promise<void> {
  const evaluation = await runEvaluation(options);
  const { result } = evaluation;
  const json = evaluationJson(options, result);
  const { json: file } = options;
  if (typeof file === 'string') await attempt(() => writeAtomic(file, `${JSON.stringify(json, undefined, 2)}\n`));
  try {
    printResult(file === true, json, () => evaluationTable(result));
  } finally {
    await reportEvaluation(options, evaluation);
  }
  finishEvaluation(result);
}

/** What was measured, and what with. */
export interface FinishedEvaluation {
  readonly checkpoint: Checkpoint;
  readonly adapter: string;
  readonly result: FolderEvaluation;
}

/** Evaluates with progress on stderr, until the end or Ctrl-C. */
export async function runEvaluation(options: EvaluateArguments): Promise<FinishedEvaluation> {
  const checkpoint = await readCheckpoint(options.model, notice);
  const dataset = await openDataset(options.data, options.category, options);
  if (options.report) await prepareFolder(options.report);
  if (typeof options.json === 'string') await prepareFolderOf(options.json);
  const evaluation = await untilStopped((signal) =>
    withRuntime(async (gpu) => {
      const detector = Detector.fromCheckpoint(gpu, checkpoint);
      notice(`looking at ${dataset.test.length} test pictures (${dataset.layout})`);
      const bar = progressBar('evaluating');
      const result = await evaluateFolder(detector, dataset, bar.update, signal).finally(bar.stop);
      detector.dispose();
      return { checkpoint, adapter: adapterName(gpu.adapter), result };
    }),
  );
  const { missingMasks, failures } = evaluation.result;
  if (missingMasks.length) {
    notice(`${missingMasks.length} defective pictures have no mask: they count for image AUROC alone`);
  }
  for (const { path, error } of failures) notice(printable(`counts for no metric: ${named(path, error)}`));
  return evaluation;
}

/** Writes the report where one is asked for and there is something to report. */
export async function reportEvaluation({ report, scale }: EvaluateArguments, done: FinishedEvaluation): Promise<void> {
  const { pictures } = done.result;
  if (!report || pictures.length === 0) return;
  await attempt(async () => {
    notice(`report: ${printable(await writeReport(report, reportSummary(done, scale), pictures))}`);
  });
}

/** Writes a file. One that cannot be written is said and costs the exit code, but not the metrics. */
async function attempt(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof PyramidFlowError)) throw error;
    notice(printable(`${error.code}: ${error.message}`));
    process.exitCode = EXIT.failed;
  }
}

/** Sets the exit code, or throws what ended the evaluation. */
export function finishEvaluation({ pictures, failures, of, ended }: FolderEvaluation): void {
  finish(ended, failures.length > 0, `${pictures.length} of ${of} pictures were judged`);
}

function reportSummary({ checkpoint, adapter, result }: FinishedEvaluation, scale?: number): ReportSummary {
  const { category, config, threshold, training } = checkpoint;
  const { metrics, msPerImage, pictures, failures, of } = result;
  const [, highest] = extent(pictures.map(({ score }) => score));
  return {
    category,
    config,
    adapter,
    evaluation: metrics,
    msPerImage,
    threshold,
    scale: scale ?? (threshold === undefined ? highest : scaleFor(threshold)),
    log: training?.log ?? [],
    failures,
    of,
  };
}

export function evaluationJson({ model, data, category }: EvaluateArguments, result: FolderEvaluation) {
  const { metrics, msPerImage, pictures, failures, of, ended, missingMasks } = result;
  const { reasons, ...values } = metrics;
  const judged = pictures.map(({ path, defect, label, score, verdict }) => ({ path, defect, label, score, verdict }));
  return {
    model,
    data,
    category,
    ...values,
    reasons,
    msPerImage,
    judged: judged.length,
    of,
    ended: endedText(ended),
    missingMasks,
    images: [...judged, ...failures],
  };
}

export function evaluationTable({ metrics, msPerImage, pictures, failures, of }: FolderEvaluation): string {
  const rows = Object.entries(NAMES).map(([metric, name]) => {
    const value = metrics[metric as Metric];
    return [name, value === null ? `undefined: ${metrics.reasons[metric as Metric]}` : value.toFixed(4)];
  });
  const time = pictures.length ? `${msPerImage.toFixed(1)} (median; resize, network and map, without decoding)` : '-';
  const good = pictures.filter(({ label }) => label === 0).length;
  const missing = of - pictures.length;
  const others = failures.length < missing ? `${failures.length} failed, the others were not reached` : 'the others failed';
  return table([
    ...rows,
    ['ms per image', time],
    ['pictures', `${good} good, ${pictures.length - good} defective`],
    ...(missing ? [['judged', `${pictures.length} of ${of}: ${others}`]] : []),
  ]);
}

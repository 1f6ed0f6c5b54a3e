import type { Command } from 'commander';
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { PyramidFlowError } from '../../core/errors';
import { adapterName } from '../../gpu/device';
import { Detector } from '../../inspection/detector';
import type { Metric } from '../../metrics/evaluation-run';
import { describeFailure } from '../describe';
import { type EvaluateOptions, evaluateFolder, type FolderEvaluation } from '../evaluate-folder';
import { prepareFolder, prepareFolderOf, writeAtomic } from '../files/atomic-file';
import { readCheckpoint } from '../files/checkpoint-file';
import { openDataset } from '../files/dataset';
import { ResultLog } from '../files/result-log';
import { ReportWriter } from '../report/write-report';
import { progressBar } from './progress';
import {
  colorScale,
  EXIT,
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

export interface EvaluateArguments {
  readonly model: string;
  readonly data: string;
  readonly category?: string;
  readonly json?: string | true;
  readonly results?: string;
  readonly report?: string;
  readonly scale?: number;
  readonly maxPixels?: number;
  readonly workspace?: number;
}

const NAMES: Readonly<Record<Metric, string>> = {
  imageAuroc: 'image AUROC',
  pixelAuroc: 'pixel AUROC',
  pixelAp: 'pixel AP',
  aupro30: 'AUPRO at 0.3',
  aupro5: 'AUPRO at 0.05',
  aupro100: 'AUPRO at 1.0',
};

const COLUMNS = ['path', 'defect', 'label', 'score', 'verdict', 'error'] as const;

const AFTER_HELP = `
Metrics are taken at the size of the model; masks are resized by area. Times exclude decoding. Maps are not kept: memory
grows by at most 4 bytes a pixel (24 for pixels of defects).

--results and --report keep results.csv and results.jsonl, a row an image as soon as it is judged: whatever ends the
command, the rows written so far stay.

An image that cannot be read or judged, or whose mask cannot be read, counts for no metric and is named; the exit code
is then 1. Ctrl-C stops after the image under way: the metrics of the images judged so far are printed, with exit code
130.`;

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure how well a model finds the defects of a data set')
    .requiredOption('--model <file>', 'model file written by `train`')
    .requiredOption('--data <dir>', 'data set with test images and masks')
    .option('--category <name>', 'subfolder of the data set (default: the data set itself is the category)')
    .option('--results <dir>', 'keep score and verdict of every image, row by row (default: the folder of --report)')
    .option('--report <dir>', 'write a page with all test images, their heat maps and masks')
    .option('--scale <max>', "largest value of the report's colour scale (default: twice the threshold)", positiveNumber)
    .option(...MAX_PIXELS_OPTION)
    .option(...WORKSPACE_OPTION)
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
    await finishReport(evaluation);
  }
  finishEvaluation(result);
}

/** What was measured, and with what. */
export interface FinishedEvaluation {
  readonly checkpoint: Checkpoint;
  readonly adapter: string;
  readonly result: FolderEvaluation;
  /** holds the images already, where a report is asked for */
  readonly report?: ReportWriter;
}

/** Evaluates with progress on stderr, to the end or until Ctrl-C. */
export async function runEvaluation(options: EvaluateArguments): Promise<FinishedEvaluation> {
  const { model, report: folder, json, scale } = options;
  const checkpoint = await readCheckpoint(model, notice);
  const dataset = await openDataset(options.data, options.category, options);
  if (folder) await prepareFolder(folder);
  const results = options.results ?? folder;
  if (typeof json === 'string') await prepareFolderOf(json);
  const { config, threshold } = checkpoint;
  const { data, category } = options;
  const log = results && (await ResultLog.start(results, COLUMNS, { model, data, category, threshold }));
  const report = folder
    ? new ReportWriter(folder, { config, threshold, scale: colorScale(model, scale, threshold) })
    : undefined;
  const evaluation = await untilStopped((signal) =>
    withRuntime(
      async (gpu) => {
        const detector = Detector.fromCheckpoint(gpu, checkpoint);
        notice(`evaluating ${dataset.test.length} test images (${dataset.layout})`);
        const bars = { images: progressBar('evaluating'), metrics: progressBar('computing metrics') };
        const onProgress: EvaluateOptions['onProgress'] = (done, of, stage) => {
          if (stage === 'metrics') bars.images.stop();
          bars[stage].update(done, of);
        };
        const onImage = report?.add.bind(report);
        const onRow = log ? log.add.bind(log) : undefined;
        const result = await evaluateFolder(detector, dataset, { signal, onProgress, onImage, onRow }).finally(() => {
          for (const bar of Object.values(bars)) bar.stop();
        });
        detector.dispose();
        const adapter = `${adapterName(gpu.adapter)}, workspace ${gpu.workspace / 2 ** 20} MiB`;
        return { checkpoint, adapter, result, report };
      },
      { workspace: options.workspace },
    ),
  );
  if (log) await attempt(() => log.close());
  const { missingMasks, failures } = evaluation.result;
  if (missingMasks.length) {
    notice(`${missingMasks.length} defective images have no mask: they count for image AUROC alone`);
  }
  for (const { path, error } of failures) notice(printable(`counts for no metric: ${describeFailure(path, error)}`));
  return evaluation;
}

/** Writes the page of the report, if one is asked for and there is something to report. */
export async function finishReport({ checkpoint, adapter, result, report }: FinishedEvaluation): Promise<void> {
  const { metrics, msPerImage, images, failures, of } = result;
  if (!report || images.length === 0) return;
  const { category, training } = checkpoint;
  const summary = { category, adapter, evaluation: metrics, msPerImage, log: training?.log ?? [], failures, of };
  await attempt(async () => notice(`report: ${printable(await report.finish(summary))}`));
}

/** Writes a file. If that fails, the error is printed and sets the exit code, but the metrics are kept. */
async function attempt(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof PyramidFlowError)) throw error;
    notice(printable(`${error.code}: ${error.message}`));
    process.exitCode = EXIT.failed;
  }
}

/** Sets the exit code, or throws the error that ended the evaluation. */
export function finishEvaluation({ images, failures, of, ended }: FolderEvaluation): void {
  finish(ended, failures.length > 0, `${images.length} of ${of} images were judged`);
}

export function evaluationJson({ model, data, category }: EvaluateArguments, result: FolderEvaluation) {
  const { metrics, msPerImage, images, failures, of, ended, missingMasks } = result;
  const { reasons, ...values } = metrics;
  return {
    model,
    data,
    category,
    ...values,
    reasons,
    msPerImage,
    judged: images.length,
    of,
    ended: endedText(ended),
    missingMasks,
    images: [...images, ...failures],
  };
}

export function evaluationTable({ metrics, msPerImage, images, failures, of }: FolderEvaluation): string {
  const rows = Object.entries(NAMES).map(([metric, name]) => {
    const value = metrics[metric as Metric];
    return [name, value === null ? `undefined: ${metrics.reasons[metric as Metric]}` : value.toFixed(4)];
  });
  const time = images.length ? `${msPerImage.toFixed(1)} (median; resize, network and map, without decoding)` : '-';
  const good = images.filter(({ label }) => label === 0).length;
  const missing = of - images.length;
  const others = failures.length < missing ? `${failures.length} failed, the others were not reached` : 'the others failed';
  return table([
    ...rows,
    ['ms per image', time],
    ['images', `${good} good, ${images.length - good} defective`],
    ...(missing ? [['judged', `${images.length} of ${of}: ${others}`]] : []),
  ]);
}

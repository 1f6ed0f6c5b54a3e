import { type Command, Option } from 'commander';
import type { OpenGpuOptions } from '../../gpu/workspace';
import { formatSize, parseSize } from '../../image/size';
import { describeNetwork } from '../describe';
import { type TrainFolderOptions, type TrainingResult, trainFolder } from '../train-folder';
import { duration, progressBar, TrainingProgress } from './progress';
import {
  EXIT,
  MAX_PIXELS_OPTION,
  notice,
  positiveNumber,
  printResult,
  table,
  untilStopped,
  WORKSPACE_OPTION,
  wholeNumber,
  withRuntime,
} from './shared';

interface TrainArguments extends Omit<TrainFolderOptions, 'learningRate'> {
  readonly lr?: number;
  readonly workspace?: number;
  readonly json?: boolean;
}

const AFTER_HELP = `
Options left out take the settings that the authors released for the category. FILE holds the last finished epoch at any
time. Ctrl-C stops after the step under way, with exit code 130; --resume FILE then continues, with the same result as
without the stop.`;

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a model on good images')
    .requiredOption('--data <dir>', 'data set: in MVTec AD or BTAD layout, with a folder good/, or images alone')
    .option('--category <name>', 'subfolder of the data set (default: the data set itself is the category)')
    .option('--out <file>', 'model file to write, .safetensors (default: the file of --resume)')
    .option('--resume <file>', 'continue the training of this model')
    .addOption(new Option('--data-changed <ok>', 'resume although the images have changed').choices(['ok']))
    .option('--force', 'replace an existing --out')
    .option('--size <n|HxW>', 'size of the images in pixels: shorter side, or height x width', parseSize)
    .option('--epochs <n>', 'passes over the images; may be raised with --resume', wholeNumber(1))
    .option('--batch <n>', 'images per step', wholeNumber(2))
    .option('--lr <rate>', 'learning rate', positiveNumber)
    .option('--seed <n>', 'seed of all random numbers (default: 0)', wholeNumber(0))
    .option('--channels <n>', 'channels of the network', wholeNumber(3, 128))
    .option('--levels <n>', 'levels of the pyramid', wholeNumber(2, 8))
    .option('--stacks <n>', 'stacks of coupling blocks', wholeNumber(1, 64))
    .option('--kernel <n>', 'kernel size of the convolutions: 1, 3, 5, 7, 9 or 11', wholeNumber(1, 11))
    .addOption(new Option('--norm <kind>', 'volume normalization').choices(['CVN', 'SVN']))
    .addOption(new Option('--augmentation <kind>', 'dihedral: flips and quarter turns').choices(['none', 'dihedral']))
    .addOption(
      new Option('--memory <mode>', 'reversible recomputes activations, plain keeps them (default: reversible)').choices([
        'reversible',
        'plain',
      ]),
    )
    .option(...MAX_PIXELS_OPTION)
    .option(...WORKSPACE_OPTION)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', AFTER_HELP)
    .action(train);
}

async function train({ json, lr: learningRate, ...options }: TrainArguments): Promise<void> {
  const start = performance.now();
  const result = await runTraining({ ...options, learningRate });
  if (!result) {
    process.exitCode = EXIT.interrupted;
    return;
  }
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  printResult(json, summary(result, seconds), () => describe(result, seconds));
}

/** Trains with progress on stderr. Returns undefined where Ctrl-C stopped it. */
export async function runTraining({
  workspace,
  ...options
}: TrainFolderOptions & Pick<OpenGpuOptions, 'workspace'>): Promise<TrainingResult | undefined> {
  const progress = new Reporter();
  const result = await untilStopped((signal) =>
    withRuntime((gpu) => trainFolder(gpu, { ...options, ...progress.callbacks, signal }), { workspace }),
  ).finally(() => progress.stop());
  if (!result) notice(stopped(options, progress.finishedEpochs));
  return result;
}

/** Shows the progress of training in a terminal. Its callbacks are options of `trainFolder`. */
class Reporter {
  finishedEpochs = 0;
  private training: TrainingProgress | undefined;
  private readonly bars = { read: progressBar('reading images'), template: progressBar('template and threshold') };

  readonly callbacks: Partial<TrainFolderOptions> = {
    onNotice: notice,
    onWarning: notice,
    onStart: ({ config, settings }, finishedEpochs) => {
      const { epochs, batch, seed } = settings;
      this.stop();
      notice(`training ${formatSize(config)}, ${describeNetwork(config)}: ${epochs} epochs, seed ${seed}`);
      if (finishedEpochs) notice(`resuming after epoch ${finishedEpochs}`);
      this.finishedEpochs = finishedEpochs;
      this.training = new TrainingProgress(batch, epochs, finishedEpochs);
    },
    onProgress: (progress) => {
      const { phase, step, steps } = progress;
      if (phase === 'train') return this.training?.onStep(progress);
      this.training?.stop();
      this.bars[phase].update(step, steps);
    },
    onEpoch: (state) => {
      this.finishedEpochs = state.log.length;
      this.training?.onEpoch(state);
    },
  };

  stop(): void {
    this.training?.stop();
    for (const bar of Object.values(this.bars)) bar.stop();
  }
}

function stopped({ data, category, out, resume }: TrainFolderOptions, epochs: number): string {
  const file = out ?? resume;
  if (epochs === 0) return 'stopped before the first epoch was finished: no model was written';
  const select = category === undefined ? '' : ` --category ${category}`;
  const command = `pyramidflow train --data ${data}${select} --resume ${file}`;
  return `stopped: ${file} keeps epoch ${epochs}; continue with\n  ${command}`;
}

function summary({ file, plan, state, threshold }: TrainingResult, seconds: number): object {
  return {
    file,
    category: plan.category,
    config: plan.config,
    settings: plan.settings,
    threshold,
    seconds,
    log: state.log,
  };
}

function describe({ file, plan, state, threshold }: TrainingResult, seconds: number): string {
  const last = state.log.at(-1)!;
  return table([
    ['model', `${file}, ${plan.category}`],
    ['epochs', `${state.log.length}, this run took ${duration(1000 * seconds)}`],
    ['loss', last.loss.toPrecision(5)],
    ['reconstruction error', last.reconstructionError.toExponential(1)],
    ['threshold', threshold.toPrecision(4)],
  ]);
}

import { type Command, Option } from 'commander';
import { formatSize, parseSize } from '../../image/size';
import { describeNetwork } from '../describe';
import { type TrainFolderOptions, type TrainingObserver, type TrainingResult, trainFolder } from '../train-folder';
import { duration, progressBar, TrainingProgress } from './progress';
import { EXIT, MAX_PIXELS_OPTION, notice, positiveNumber, printResult, table, wholeNumber, withRuntime } from './shared';

interface TrainArguments extends Omit<TrainFolderOptions, 'learningRate'> {
  readonly lr?: number;
  readonly json?: boolean;
}

const AFTER_HELP = `
Options left out take the settings released for the category. FILE holds the last finished epoch at any time; Ctrl-C
stops, and --resume FILE goes on as if never stopped (exit code 130 after Ctrl-C).`;

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a model on good pictures')
    .requiredOption('--data <dir>', 'data set: MVTec AD or BTAD layout, a folder good/, or just pictures')
    .option('--category <name>', 'subfolder of the data set; default: the data set itself is the category')
    .option('--out <file>', 'model file to write (.safetensors); default: the one of --resume')
    .option('--resume <file>', 'goes on with the training of this model')
    .addOption(new Option('--data-changed <ok>', 'resumes although the pictures are not the same').choices(['ok']))
    .option('--force', 'replaces an existing --out')
    .option('--size <n|HxW>', 'shorter side, or height x width, of the pictures in pixels', parseSize)
    .option('--epochs <n>', 'passes over the pictures; may be raised with --resume', wholeNumber(1))
    .option('--batch <n>', 'pictures a step', wholeNumber(2))
    .option('--lr <rate>', 'learning rate', positiveNumber)
    .option('--seed <n>', 'start of all random numbers (default: 0)', wholeNumber(0))
    .option('--channels <n>', 'channels of the network', wholeNumber(3, 128))
    .option('--levels <n>', 'levels of the pyramid', wholeNumber(2, 8))
    .option('--stacks <n>', 'stacks of coupling blocks', wholeNumber(1, 64))
    .option('--kernel <n>', 'side of the convolutions: 1, 3, 5, 7, 9 or 11', wholeNumber(1, 11))
    .addOption(new Option('--norm <kind>', 'volume normalization').choices(['CVN', 'SVN']))
    .addOption(new Option('--augmentation <kind>', 'flips and quarter turns, or none').choices(['none', 'dihedral']))
    .addOption(
      new Option('--memory <mode>', 'rebuild activations or keep them (default: reversible)').choices([
        'reversible',
        'plain',
      ]),
    )
    .option(...MAX_PIXELS_OPTION)
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

/**
 * Trains with progress on stderr. The first Ctrl-C stops after the step under way, the second at once.
 * Returns undefined where it was stopped.
 */
export async function runTraining(options: TrainFolderOptions): Promise<TrainingResult | undefined> {
  const abort = new AbortController();
  const stop = () => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    abort.abort();
    notice('\nstopping; press Ctrl-C again to end at once');
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const progress = new Reporter();
  try {
    const result = await withRuntime((gpu) => trainFolder(gpu, { ...options, signal: abort.signal }, progress));
    progress.stop();
    if (!result) notice(stopped(options, progress.finishedEpochs));
    return result;
  } finally {
    progress.stop();
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What the steps of training look like in a terminal. */
class Reporter implements TrainingObserver {
  finishedEpochs = 0;
  private training: TrainingProgress | undefined;
  private readonly finishing = progressBar('template and threshold');

  readonly notice = notice;

  readonly onStart: TrainingObserver['onStart'] = ({ config, settings }, finishedEpochs) => {
    const { epochs, seed } = settings;
    notice(`training ${formatSize(config)}, ${describeNetwork(config)}: ${epochs} epochs, seed ${seed}`);
    if (finishedEpochs) notice(`going on after epoch ${finishedEpochs}`);
    this.finishedEpochs = finishedEpochs;
    this.training = new TrainingProgress(settings.batch, settings.epochs, finishedEpochs);
  };

  readonly onStep: TrainingObserver['onStep'] = (step) => this.training?.onStep(step);

  readonly onEpoch: TrainingObserver['onEpoch'] = (state) => {
    this.finishedEpochs = state.log.length;
    this.training?.onEpoch(state);
  };

  readonly onFinish: TrainingObserver['onFinish'] = (done, of) => {
    this.training?.stop();
    this.finishing.update(done, of);
  };

  stop(): void {
    this.training?.stop();
    this.finishing.stop();
  }
}

function stopped({ data, category, out, resume }: TrainFolderOptions, epochs: number): string {
  const file = out ?? resume;
  if (epochs === 0) return 'stopped before the first epoch was finished: no model was written';
  const select = category === undefined ? '' : ` --category ${category}`;
  const command = `pyramidflow train --data ${data}${select} --resume ${file}`;
  return `stopped: ${file} keeps epoch ${epochs}; go on with\n  ${command}`;
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

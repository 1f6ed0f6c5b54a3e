import { SingleBar } from 'cli-progress';
import type { TrainingState } from '../../checkpoint/checkpoint';
import type { TrainProgress } from '../../training/progress';

/** Shows the progress of something on stderr. */
export interface Progress {
  update(done: number, total: number, detail?: string): void;
  /** Removes the bar. */
  stop(): void;
}

/** A bar with the time left if stderr is a terminal, else nothing. */
export function progressBar(label: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const start = performance.now();
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}% {detail}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    clearOnComplete: true,
    gracefulExit: false, // commands handle signals
  });
  return {
    update(done, total, detail = '') {
      const left = done === 0 ? '' : `${duration(((performance.now() - start) / done) * (total - done))} left`;
      const payload = { detail: [detail, left].filter(Boolean).join(' · ') };
      if (bar.isActive) bar.update(done, payload);
      else bar.start(total, done, payload);
    },
    stop: () => bar.stop(),
  };
}

/** Training as a bar, or as a line per epoch if stderr is not a terminal. */
export class TrainingProgress {
  private readonly start = performance.now();
  private readonly bar = progressBar('training');
  private images = 0;
  private firstStepEnd = 0;
  private share = 0;

  constructor(
    private readonly batch: number,
    private readonly epochs: number,
    private readonly finishedEpochs: number,
  ) {}

  onStep({ epoch, step, steps, loss }: TrainProgress): void {
    if (this.firstStepEnd)
      this.images += this.batch; // the first step compiles kernels
    else this.firstStepEnd = performance.now();
    const total = (this.epochs - this.finishedEpochs) * steps;
    const done = (epoch - 1 - this.finishedEpochs) * steps + step;
    this.share = done / total;
    this.bar.update(done, total, `epoch ${epoch}/${this.epochs} · loss ${loss?.toPrecision(5)} · ${this.rate()}`);
  }

  onEpoch({ log }: TrainingState): void {
    if (process.stderr.isTTY) return;
    const { epoch, loss } = log.at(-1)!;
    const left = duration((performance.now() - this.start) * (1 / this.share - 1));
    console.error(`epoch ${epoch}/${this.epochs}: loss ${loss.toPrecision(5)}, ${this.rate()}, ${left} left`);
  }

  stop(): void {
    this.bar.stop();
  }

  private rate(): string {
    const seconds = (performance.now() - this.firstStepEnd) / 1000;
    return this.images ? `${(this.images / seconds).toFixed(1)} images/s` : 'compiling kernels';
  }
}

/** 75000 ms as 1:15. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

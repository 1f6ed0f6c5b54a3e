import { shortNumber } from '../../src/core/numbers';
import { loadDetector, type TrainOptions, train } from '../../src/web/index';
import { byId, html } from './dom';
import type { Models } from './models';
import { announce, show } from './notices';
import type { PartImage, State } from './state';
import type { Task, Tasks } from './tasks';
import { drawSmall } from './thumbnail';

/** The networks to choose from, by the values of the page's select. */
export const NETWORKS: Readonly<Record<string, TrainOptions>> = {
  quick: { size: 64, channels: 4, levels: 3, stacks: 1, kernel: 3, norm: 'CVN', learningRate: 2e-3 },
  small: { size: 128, channels: 8, levels: 4, stacks: 2, kernel: 5, norm: 'SVN', learningRate: 1e-3 },
  full: {},
};

const LEAST = 2; // parts: training compares pairs
const SHOWN = 16; // thumbnails of good parts
const THUMBNAIL = 48; // pixels

/** Learns from good parts: a new template for the current model, or a new model. */
export class Learn {
  private good: readonly PartImage[] = [];
  private readonly refreshButton = byId<HTMLButtonElement>('refresh');
  private readonly trainButton = byId<HTMLButtonElement>('train');

  constructor(
    private readonly state: State,
    private readonly tasks: Tasks,
    private readonly models: Models,
  ) {
    byId('take-good').addEventListener('click', () => this.add(this.labelledGood()));
    byId('forget-good').addEventListener('click', () => this.set([]));
    this.refreshButton.addEventListener('click', () => void this.refresh());
    byId('train-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const network = NETWORKS[byId<HTMLSelectElement>('network').value];
      const epochs = byId<HTMLInputElement>('epochs').valueAsNumber;
      void this.train(byId<HTMLInputElement>('part-name').value.trim() || 'part', { ...network, epochs });
    });
    state.on(['parts', 'detector', 'busy'], () => this.showControls());
  }

  /** Adds images of good parts to learn from. */
  add(images: readonly PartImage[]): void {
    const known = new Set(this.good.map(({ source }) => source));
    this.set([...this.good, ...images.filter(({ source }) => !known.has(source))]);
  }

  /** Trains a model on the good parts, then uses it. */
  async train(name: string, options: TrainOptions): Promise<void> {
    const detector = await this.tasks.run(`Learning ${name} from ${this.good.length} good parts`, async (task) => {
      const onProgress = progressOf(task);
      const sources = this.good.map(({ source }) => source);
      const onWarning = (problem: string) =>
        show({ code: 'warning', problem, remedy: 'training goes on, and can be cancelled' });
      const callbacks = { signal: task.signal, onProgress, onWarning };
      const checkpoint = await train(sources, { ...options, category: name, ...callbacks });
      return loadDetector(checkpoint, { signal: task.signal });
    });
    if (detector) this.models.use(detector, name);
  }

  private async refresh(): Promise<void> {
    const { detector } = this.state.now;
    const sources = this.good.map(({ source }) => source);
    const done = await this.tasks.run(`Learning a template from ${sources.length} good parts`, ({ signal, progress }) =>
      detector!.refreshTemplate(sources, { signal, onProgress: (at, of) => progress(at / of, `${at} of ${of}`) }),
    );
    if (!done) return;
    this.models.inspectAgain();
    announce(`New template; the threshold is ${shortNumber(done.threshold)}`);
  }

  private labelledGood(): PartImage[] {
    return this.state.now.parts.filter(({ label }) => label === 'good');
  }

  private set(good: readonly PartImage[]): void {
    this.good = good;
    this.showControls();
    this.showThumbnails();
  }

  private showControls(): void {
    const { detector, busy } = this.state.now;
    const { length } = this.good;
    const labelled = this.labelledGood().length;
    byId('good-count').textContent = length
      ? `${length} good ${length === 1 ? 'part' : 'parts'}`
      : 'No good parts yet: add images, or drop them here.';
    const take = byId<HTMLButtonElement>('take-good');
    take.textContent = labelled ? `Take the ${labelled} labelled good` : 'Take those labelled good';
    take.disabled = !labelled;
    byId<HTMLButtonElement>('forget-good').disabled = !length;
    this.refreshButton.disabled = busy || !detector || length < LEAST;
    this.trainButton.disabled = busy || length < LEAST;
  }

  private showThumbnails(): void {
    const canvases = this.good.slice(0, SHOWN).map((image) => {
      const canvas = html('canvas', { title: image.name });
      void drawSmall(canvas, image, THUMBNAIL);
      return canvas;
    });
    byId('good-parts').replaceChildren(...canvases);
  }
}

/** Where each phase starts in the progress bar, and its share of the bar. */
const PHASES = { read: [0, 0.05], train: [0.05, 0.85], template: [0.9, 0.1] } as const;

/** Shows what the worker reports, and an estimate of the time left. */
function progressOf({ progress }: Task): NonNullable<TrainOptions['onProgress']> {
  const start = performance.now();
  return ({ phase, epoch, epochs, step, steps, loss }) => {
    const within = phase === 'train' ? ((epoch - 1) * steps + step) / (epochs * steps) : step / steps;
    const done = PHASES[phase][0] + PHASES[phase][1] * within;
    const seconds = Math.round(((performance.now() - start) / 1000) * (1 / done - 1));
    const left = phase === 'train' && within > 0.1 && seconds ? `, about ${seconds} s left` : '';
    const at = phase === 'train' ? `epoch ${epoch} of ${epochs}` : `${PHASE_NAMES[phase]}, ${step} of ${steps}`;
    progress(done, `${at}${loss === undefined ? '' : `, loss ${shortNumber(loss)}`}${left}`);
  };
}

const PHASE_NAMES = { read: 'reading images', template: 'template and threshold' } as const;

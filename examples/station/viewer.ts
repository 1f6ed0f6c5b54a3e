import { shortNumber } from '../../src/core/numbers';
import type { PageDetection } from '../../src/web/index';
import { colourBar } from './colour-bar';
import { byId } from './dom';
import type { Inspector } from './inspector';
import { report } from './notices';
import { type State, type View, verdictOf } from './state';

const MOST_PIXELS = 1200; // of the canvas's longer side

/** The large image with its heat map and verdict, and the controls of the view. */
export class Viewer {
  private readonly canvas = byId<HTMLCanvasElement>('map');
  private readonly stage = byId('stage');
  private shown?: PageDetection;
  private request = 0;
  private recovering = false;

  constructor(
    private readonly state: State,
    private readonly inspector: Inspector,
  ) {
    const opacity = byId<HTMLInputElement>('opacity');
    opacity.addEventListener('input', () => state.set({ opacity: opacity.valueAsNumber }));
    byId('views').addEventListener('change', (event) =>
      state.set({ view: (event.target as HTMLInputElement).value as View }),
    );
    new ResizeObserver(() => this.draw()).observe(this.stage);
    state.on(['selected', 'parts', 'detector', 'live', 'busy'], () => void this.update());
    state.on(['opacity', 'view', 'threshold', 'scale'], () => this.draw());
    state.on(['scale', 'threshold'], () =>
      byId('colour-bar').replaceChildren(colourBar(state.now.scale, state.now.threshold)),
    );
    state.on(['opacity', 'view'], () => this.showControls());
  }

  /** Shows a camera frame instead of the selected part. */
  showLive(detection: PageDetection): void {
    this.shown = detection;
    this.draw();
    this.showVerdict('Camera', detection.score);
  }

  private async update(): Promise<void> {
    const { detector, selected, live } = this.state.now;
    this.stage.dataset.state = this.stageState();
    if (live) return;
    const request = ++this.request;
    const part = selected;
    if (!part || !detector || part.problem || part.score === undefined) {
      this.shown = undefined;
      this.canvas.hidden = true;
      this.showVerdict(part?.name ?? '', undefined, part?.problem ?? (part && detector ? 'being inspected' : ''));
      return;
    }
    const detection = await this.inspector.detectionOf(part);
    if (request !== this.request || !detection || detection === this.shown) return;
    this.shown = detection;
    this.draw();
    this.showVerdict(part.name, part.score);
  }

  /** Whether the stage shows an image, or a hint at what to do next. */
  private stageState(): 'show' | 'welcome' | 'learning' | 'empty' {
    const { detector, parts, live, busy } = this.state.now;
    if (!detector) return busy ? 'learning' : 'welcome';
    return live || parts.length ? 'show' : 'empty';
  }

  private draw(): void {
    const { shown, canvas, stage } = this;
    if (!shown || shown.tensor.freed) return;
    const { view, opacity, scale, threshold } = this.state.now;
    const { height, width } = shown.image;
    const room = { height: stage.clientHeight * devicePixelRatio, width: stage.clientWidth * devicePixelRatio };
    const fit = Math.min(room.height / height, room.width / width, MOST_PIXELS / Math.max(height, width));
    const size = [width, height].map((side) => Math.max(1, Math.round(side * fit)));
    if (canvas.width !== size[0]) canvas.width = size[0];
    if (canvas.height !== size[1]) canvas.height = size[1];
    canvas.hidden = false;
    try {
      shown.draw(canvas, {
        overlay: view !== 'heat',
        opacity: view === 'image' ? 0 : opacity,
        scale: scale || shown.score,
        threshold: view === 'image' ? Infinity : threshold,
      });
      this.recovering = false;
    } catch (error) {
      return this.recover(error);
    }
    if (!this.state.now.live) this.showVerdict(this.state.now.selected?.name ?? '', shown.score);
  }

  /** All maps are lost with their device: the shown part is inspected again, on a new one. */
  private recover(error: unknown): void {
    this.shown = undefined;
    this.canvas.hidden = true;
    if (this.recovering) return report(error);
    this.recovering = true;
    this.inspector.forgetAll();
    void this.update();
  }

  private showVerdict(name: string, score: number | undefined, instead = ''): void {
    const { threshold } = this.state.now;
    const verdict = verdictOf(score, threshold);
    const badge = byId('verdict');
    badge.dataset.verdict = verdict ?? 'none';
    byId('verdict-text').textContent = score === undefined ? instead : (verdict ?? 'no threshold');
    byId('verdict-score').textContent = score === undefined ? '' : `score ${shortNumber(score)}`;
    byId('shown-name').textContent = name;
    badge.hidden = !badge.textContent!.trim();
    const judged = score === undefined ? instead : `${verdict ?? 'not judged'}, score ${shortNumber(score)}`;
    this.canvas.setAttribute('aria-label', `Heat map of ${name}: ${judged}`);
  }

  private showControls(): void {
    const { opacity, view } = this.state.now;
    const slider = byId<HTMLInputElement>('opacity');
    slider.valueAsNumber = opacity;
    slider.disabled = view !== 'overlay';
    byId('opacity-value').textContent = `${Math.round(100 * opacity)} %`;
    byId<HTMLInputElement>(`view-${view}`).checked = true;
  }
}

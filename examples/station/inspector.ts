import type { PageDetection } from '../../src/web/index';
import { html } from './dom';
import { announce, report } from './notices';
import { type Part, type PartImage, type State, verdictOf } from './state';
import { drawSmall } from './thumbnail';

/** How many detections keep their map and image on the GPU. */
const KEPT = 24;
const THUMBNAIL = 96; // pixels of the longer side

/** Inspects the parts of the list one after the other, and a part whose map was freed again when it is shown. */
export class Inspector {
  private readonly kept = new Map<Part, PageDetection>();
  private readonly scratch = new OffscreenCanvas(1, 1);
  private running: Promise<unknown> = Promise.resolve();
  private working = false;
  private nextId = 1;

  constructor(private readonly state: State) {
    state.on(['detector', 'parts', 'busy'], () => void this.inspectAll());
  }

  add(images: readonly PartImage[]): void {
    const { parts, selected } = this.state.now;
    const added = images.map(({ name, source }): Part => {
      const thumbnail = html('canvas', { 'aria-hidden': 'true' });
      return { id: this.nextId++, name, source, thumbnail };
    });
    if (!this.state.now.detector) for (const part of added) void drawSmall(part.thumbnail, part, THUMBNAIL);
    this.state.set({ parts: [...parts, ...added], selected: selected ?? added[0] });
  }

  remove(part: Part): void {
    const { parts, selected } = this.state.now;
    const at = parts.indexOf(part);
    const left = parts.filter((other) => other !== part);
    this.forget(part);
    this.state.set({ parts: left, selected: selected === part ? left[Math.min(at, left.length - 1)] : selected });
  }

  clear(): void {
    this.forgetAll();
    this.state.set({ parts: [], selected: undefined });
  }

  /** The detection of a part: the one that is kept, or a new one. Undefined where the part cannot be inspected. */
  detectionOf(part: Part): Promise<PageDetection | undefined> {
    const turn = this.running.then(() => this.inspect(part));
    this.running = turn;
    return turn;
  }

  /** Frees all maps. A part that is shown later is inspected again. */
  forgetAll(): void {
    for (const part of [...this.kept.keys()]) this.forget(part);
  }

  private async inspectAll(): Promise<void> {
    if (this.working) return;
    this.working = true;
    let done = 0;
    for (let part = this.next(); part; part = this.next(), done++) await this.detectionOf(part);
    this.working = false;
    if (done > 1) this.announceResult(done);
  }

  /** The next part to inspect, the selected one first. */
  private next(): Part | undefined {
    const { detector, busy, parts, selected } = this.state.now;
    if (!detector || busy) return undefined;
    const waits = (part: Part | undefined) => part && part.score === undefined && part.problem === undefined;
    return waits(selected) ? selected : parts.find(waits);
  }

  private async inspect(part: Part): Promise<PageDetection | undefined> {
    const { detector, parts, generation } = this.state.now;
    const known = this.kept.get(part);
    if (known && part.score !== undefined) return known;
    if (!detector || !parts.includes(part) || part.problem) return undefined;
    this.forget(part);
    const start = performance.now();
    const outdated = () => generation !== this.state.now.generation || !this.state.now.parts.includes(part);
    try {
      const detection = await detector.detect(part.source, { map: 'gpu' });
      if (outdated()) {
        detection.dispose();
        return undefined;
      }
      if (part.score === undefined) part.ms = performance.now() - start;
      part.score = detection.score;
      this.keep(part, detection);
      return detection;
    } catch (error) {
      if (outdated()) return undefined;
      part.problem = (error as Error & { problem?: string }).problem ?? (error as Error).message;
      report(error);
      return undefined;
    } finally {
      this.state.touch();
    }
  }

  private keep(part: Part, detection: PageDetection): void {
    if (!this.state.now.scale) this.state.set({ scale: 1.25 * detection.score });
    this.kept.set(part, detection);
    this.drawThumbnail(part, detection);
    const { selected } = this.state.now;
    const oldest = [...this.kept.keys()].find((other) => other !== selected && other !== part);
    if (this.kept.size > KEPT && oldest) this.forget(oldest);
  }

  private drawThumbnail({ thumbnail }: Part, detection: PageDetection): void {
    const { height, width } = detection.image;
    const zoom = THUMBNAIL / Math.max(height, width);
    this.scratch.width = thumbnail.width = Math.max(1, Math.round(width * zoom));
    this.scratch.height = thumbnail.height = Math.max(1, Math.round(height * zoom));
    const { scale, opacity } = this.state.now;
    detection.draw(this.scratch, { overlay: true, scale, opacity, threshold: Infinity });
    thumbnail.getContext('2d')!.drawImage(this.scratch, 0, 0);
  }

  private forget(part: Part): void {
    this.kept.get(part)?.dispose();
    this.kept.delete(part);
  }

  private announceResult(done: number): void {
    const { parts, threshold } = this.state.now;
    const defective = parts.filter(({ score }) => verdictOf(score, threshold) === 'defective').length;
    announce(`Inspected ${done} parts; ${defective} of ${parts.length} in the list are defective`);
  }
}

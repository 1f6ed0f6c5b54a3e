import type { ImageSource, PageDetector } from '../../src/web/index';

export type Label = 'good' | 'bad';
export type View = 'overlay' | 'heat' | 'image';

/** An image of a part. */
export interface PartImage {
  readonly name: string;
  readonly source: ImageSource;
}

/** A part in the review list. */
export interface Part extends PartImage {
  readonly id: number;
  /** what it looks like, small; drawn when it is inspected */
  readonly thumbnail: HTMLCanvasElement;
  score?: number;
  /** of the inspection, decoding included */
  ms?: number;
  /** why it cannot be inspected */
  problem?: string;
  /** what the inspector says it is */
  label?: Label;
}

/** What the panels of the page share. */
interface Values {
  detector?: PageDetector;
  modelName: string;
  /** counts models and templates: what was found with an earlier one is void */
  generation: number;
  /** value of the last colour, in all images of a model */
  scale: number;
  threshold?: number;
  parts: readonly Part[];
  selected?: Part;
  view: View;
  opacity: number;
  /** scores of the camera's last frames, while it runs */
  live?: readonly number[];
  /** what is being done that takes a while */
  busy: boolean;
}

type Key = keyof Values;

/** The state of the page: panels read it, change it, and hear of a change when the code that made it is done. */
export class State {
  private values: Values = {
    modelName: '',
    generation: 0,
    scale: 0,
    parts: [],
    view: 'overlay',
    opacity: 0.7,
    busy: false,
  };
  private readonly listeners: { keys: readonly Key[]; listener: () => void }[] = [];
  private readonly changed = new Set<Key>();

  get now(): Readonly<Values> {
    return this.values;
  }

  set(change: Partial<Values>): void {
    if (!this.changed.size) queueMicrotask(() => this.tell());
    for (const key of Object.keys(change) as Key[]) this.changed.add(key);
    this.values = { ...this.values, ...change };
  }

  /** A part was changed in place. */
  touch(): void {
    this.set({ parts: [...this.values.parts] });
  }

  /** Calls the listener now and whenever one of these values was changed. */
  on(keys: readonly Key[], listener: () => void): void {
    this.listeners.push({ keys, listener });
    listener();
  }

  private tell(): void {
    const changed = [...this.changed];
    this.changed.clear();
    for (const { keys, listener } of this.listeners) if (changed.some((key) => keys.includes(key))) listener();
  }
}

export type Verdict = 'good' | 'defective';

export function verdictOf(score: number | undefined, threshold: number | undefined): Verdict | undefined {
  if (score === undefined || threshold === undefined) return undefined;
  return score <= threshold ? 'good' : 'defective';
}

import type { ImageSource, PageDetector, Verdict } from '../../src/web/index';

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
  /** drawn when the part is inspected */
  readonly thumbnail: HTMLCanvasElement;
  score?: number;
  /** time that the inspection took, decoding included */
  ms?: number;
  /** why it cannot be inspected */
  problem?: string;
  /** what the user says it is */
  label?: Label;
}

/** What the page's panels share. */
interface Values {
  detector?: PageDetector;
  modelName: string;
  /** counts models and templates: detections of an earlier one are void */
  generation: number;
  /** the value that gets the last colour, the same for all parts of a model; 0 if not known yet */
  scale: number;
  threshold?: number;
  parts: readonly Part[];
  selected?: Part;
  view: View;
  opacity: number;
  /** scores of the last frames while the camera runs */
  live?: readonly number[];
  /** whether a task of Tasks is running */
  busy: boolean;
}

type Key = keyof Values;

/** The state of the page. Panels read and change it; listeners are called once the code that changed it has returned. */
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

  /** Tells listeners that a part was changed in place. */
  touch(): void {
    this.set({ parts: [...this.values.parts] });
  }

  /** Calls the listener now, and whenever one of these values changes. */
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

export function verdictOf(score: number | undefined, threshold: number | undefined): Verdict | undefined {
  if (score === undefined || threshold === undefined) return undefined;
  return score <= threshold ? 'good' : 'defective';
}

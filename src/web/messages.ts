import type { ErrorCode } from '../core/errors';
import type { TrainingChoices } from '../training/plan';

/** What a page asks its training worker for: first the plan, then the pictures, each once the one before is in. */
export type Request =
  | { readonly kind: 'start'; readonly choices: TrainingChoices; readonly category: string; readonly images: number }
  | { readonly kind: 'image'; readonly image: ImageBitmap | ImageData | Blob };

/** What the worker answers. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: TrainProgress }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'done'; readonly checkpoint: ArrayBuffer }
  | { readonly kind: 'error'; readonly code?: ErrorCode; readonly problem: string; readonly remedy: string };

/** How far training in a page has come. Steps count from 1, in the phase `template` good parts that were looked at. */
export interface TrainProgress {
  readonly phase: 'read' | 'train' | 'template';
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  /** of the last step; undefined before the first */
  readonly loss?: number;
}

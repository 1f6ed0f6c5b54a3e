import type { ErrorCode, ErrorDetails } from '../core/errors';
import type { SizeRequest } from '../image/size';
import type { TrainingOptions } from '../training/plan';
import type { TrainProgress } from '../training/progress';
import type { ImageSource } from './image-source';

/**
 * Settings of a training. Settings left out are those that the authors released for the category: `channels`,
 * `levels`, `stacks`, `kernel` and `norm` of the network; `epochs`, `batch`, `seed`, `augmentation`, `learningRate`, `betas`,
 * `epsilon`, `weightDecay` and `clipNorm` of the training.
 */
export interface TrainSettings extends Omit<TrainingOptions, 'size' | 'memory'> {
  /** what the images show; the name of a category of MVTec AD brings its settings; default 'product' */
  readonly category?: string;
  /** pixels: the shorter side, or height and width as '256x192' or { height, width }; default that of the category */
  readonly size?: number | string | SizeRequest;
}

export interface TrainOptions extends TrainSettings {
  /** stops training; its reason is thrown */
  readonly signal?: AbortSignal;
  /** called after every image that is read, every step, and every image of the template */
  onProgress?(progress: TrainProgress): void;
  /** called with things worth knowing, such as a size that had to be adjusted */
  onNotice?(text: string): void;
  /** called, at most once, when the loss grows without bounds; training goes on */
  onWarning?(text: string): void;
}

/**
 * Trains a model on images of good parts, in a worker, so that the page stays responsive. The worker's file, web-worker.js,
 * must lie beside web.js.
 *
 * @param images at least as many as a batch holds (two by default); all are resized to one size
 * @returns a model file, .safetensors, which `loadDetector` takes
 * @throws DataError for images that cannot be read or are too few, UsageError for invalid settings, NumericError
 *   where training diverges, DeviceError where the page has no WebGPU, or the signal's reason
 * @example
 * const model = await train(fileInput.files, {
 *   category: 'flange',
 *   size: 128,
 *   onProgress: ({ phase, epoch, epochs }) => console.log(phase, epoch, epochs),
 * });
 * const detector = await loadDetector(model);
 */
export async function train(images: Iterable<ImageSource>, options: TrainOptions = {}): Promise<ArrayBuffer> {
  options.signal?.throwIfAborted();
  const sources = [...images];
  const { trainInWorker } = await import('./later');
  return trainInWorker(sources, options);
}

/** What a page asks of its training worker: to start, then to take one image after the other, each after the last reply. */
export type TrainRequest =
  | { readonly kind: 'start'; readonly settings: TrainSettings; readonly count: number }
  | { readonly kind: 'image'; readonly image: ImageBitmap | ImageData | Blob };

/** What the worker sends back: any number of reports, then 'ready', 'done' after the last image, or an error. */
export type TrainReply =
  | { readonly kind: 'progress'; readonly progress: TrainProgress }
  | { readonly kind: 'notice' | 'warning'; readonly text: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly checkpoint: ArrayBuffer }
  | ({ readonly kind: 'error' } & ErrorReport);

/** A PyramidFlowError in plain data; of any other error, its message alone. */
export interface ErrorReport {
  readonly code?: ErrorCode;
  readonly problem: string;
  readonly remedy: string;
  readonly details?: ErrorDetails;
}

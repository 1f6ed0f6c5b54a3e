import { type ErrorCode, PyramidFlowError } from '../core/errors';
import { parseSize, type SizeRequest } from '../image/size';
import type { TrainingChoices } from '../training/plan';
import { abortable } from './abort';
import { decodeImage, type ImageSource, is } from './image-source';

/** What a page asks its training worker for: first the plan, then the images, each once the one before is in. */
export type TrainRequest =
  | { readonly kind: 'start'; readonly choices: TrainingChoices; readonly category: string; readonly count: number }
  | { readonly kind: 'image'; readonly image: ImageBitmap | ImageData | Blob };

/** What the worker answers. */
export type TrainAnswer =
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

/** What is left out takes the category's released setting. */
export interface TrainOptions extends Omit<TrainingChoices, 'size' | 'memory'> {
  /** default 'part'; the name of a category of MVTec AD brings its settings */
  readonly category?: string;
  /** the shorter side, or height and width, as 256, '256x192' or { height, width } */
  readonly size?: number | string | SizeRequest;
  readonly signal?: AbortSignal;
  onProgress?(progress: TrainProgress): void;
  /** hears, at most once, of a loss that grows without bounds; training goes on */
  onWarning?(text: string): void;
}

/**
 * Trains a model on images of good parts, in a worker, so that the page stays free. Returns a checkpoint, which
 * `loadDetector` takes. Throws DataError, UsageError, NumericError, DeviceError, the signal's reason.
 */
export async function train(images: Iterable<ImageSource>, options: TrainOptions = {}): Promise<ArrayBuffer> {
  const { signal, onProgress, onWarning, category = 'part', size, ...choices } = options;
  signal?.throwIfAborted();
  const sources = [...images];
  const worker = startWorker();
  try {
    const talk = conversation(worker, { onProgress, onWarning });
    const start: TrainRequest = {
      kind: 'start',
      choices: { ...choices, size: sizeRequest(size) },
      category,
      count: sources.length,
    };
    let answer = await abortable(talk(start), signal);
    for (const source of sources) answer = await abortable(send(talk, source), signal);
    if (answer.kind === 'done') return answer.checkpoint;
    throw new PyramidFlowError('DataError', 'there are no images to train on', 'give images of good parts');
  } finally {
    worker.terminate();
  }
}

function startWorker(): Worker {
  try {
    return new Worker(new URL('./web-worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw notStarted((cause as Error).message, cause);
  }
}

function notStarted(reason: string | undefined, cause?: unknown): PyramidFlowError {
  const problem = `the training worker did not start${reason ? `: ${reason}` : ''}`;
  const remedy = 'serve web-worker.js beside web.js, and let worker-src of the page allow it';
  return new PyramidFlowError('UsageError', problem, remedy, { cause });
}

type Talk = (request: TrainRequest, transfer?: Transferable[]) => Promise<TrainAnswer>;

/** The page decodes what a worker cannot; all else the worker decodes itself. */
async function send(talk: Talk, source: ImageSource): Promise<TrainAnswer> {
  const image = is('Blob', source) ? source : await decodeImage(source);
  return talk({ kind: 'image', image }, is('ImageBitmap', image) ? [image] : []);
}

/** Sends requests to a worker and waits for the answer to each. An error that comes back is thrown. */
function conversation(worker: Worker, observer: Pick<TrainOptions, 'onProgress' | 'onWarning'>): Talk {
  return (request, transfer = []) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<TrainAnswer>) => {
        if (data.kind === 'progress') observer.onProgress?.(data.progress);
        else if (data.kind === 'warning') observer.onWarning?.(data.text);
        else if (data.kind !== 'error') resolve(data);
        else if (data.code) reject(new PyramidFlowError(data.code, data.problem, data.remedy));
        else reject(new Error(data.problem));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(notStarted(event.message));
      };
      worker.postMessage(request, transfer);
    });
}

function sizeRequest(size: TrainOptions['size']): SizeRequest | undefined {
  return typeof size === 'number' || typeof size === 'string' ? parseSize(String(size)) : size;
}

import { PyramidFlowError } from '../core/errors';
import { parseSize, type SizeRequest } from '../image/size';
import type { TrainingChoices } from '../training/plan';
import { abortable } from './abort';
import { decodeImage, type ImageSource, is } from './image-source';
import type { Answer, Request, TrainProgress } from './messages';

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
 * Trains a model on pictures of good parts, in a worker, so that the page stays free. Returns a checkpoint, which
 * `loadDetector` takes. Throws DataError, UsageError, NumericError, DeviceError, the signal's reason.
 */
export async function train(images: Iterable<ImageSource>, options: TrainOptions = {}): Promise<ArrayBuffer> {
  const { signal, onProgress, onWarning, category = 'part', size, ...choices } = options;
  signal?.throwIfAborted();
  const sources = [...images];
  const worker = startWorker();
  try {
    const talk = conversation(worker, { onProgress, onWarning });
    const start: Request = {
      kind: 'start',
      choices: { ...choices, size: sizeRequest(size) },
      category,
      images: sources.length,
    };
    let answer = await abortable(talk(start), signal);
    for (const source of sources) answer = await abortable(send(talk, source), signal);
    if (answer.kind === 'done') return answer.checkpoint;
    throw new PyramidFlowError('DataError', 'there are no pictures to train on', 'give pictures of good parts');
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

type Talk = (request: Request, transfer?: Transferable[]) => Promise<Answer>;

/** The page decodes what a worker cannot; all else the worker decodes itself. */
async function send(talk: Talk, source: ImageSource): Promise<Answer> {
  const image = is('Blob', source) ? source : await decodeImage(source);
  return talk({ kind: 'image', image }, is('ImageBitmap', image) ? [image] : []);
}

/** Sends requests to a worker and waits for the answer to each. An error that comes back is thrown. */
function conversation(worker: Worker, observer: Pick<TrainOptions, 'onProgress' | 'onWarning'>): Talk {
  return (request, transfer = []) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
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

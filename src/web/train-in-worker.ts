import { PyramidFlowError } from '../core/errors';
import { abortable } from './abort';
import { decodeImage, type ImageSource, is } from './image-source';
import type { ErrorReport, TrainOptions, TrainReply, TrainRequest } from './train';

/** Trains in a worker, see `train`. */
export async function trainInWorker(sources: readonly ImageSource[], options: TrainOptions): Promise<ArrayBuffer> {
  const { signal, onProgress, onNotice, onWarning, ...settings } = options;
  const worker = startWorker();
  try {
    const ask = conversation(worker, { onProgress, onNotice, onWarning });
    let reply = await abortable(ask({ kind: 'start', settings, count: sources.length }), signal);
    for (const source of sources) reply = await abortable(send(ask, source), signal);
    if (reply.kind === 'done') return reply.checkpoint;
    throw new PyramidFlowError('DataError', 'there are no images to train on', 'add images of good parts');
  } finally {
    worker.terminate();
  }
}

type Ask = (request: TrainRequest, transfer?: Transferable[]) => Promise<TrainReply>;

function startWorker(): Worker {
  try {
    return new Worker(new URL('./web-worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw notStarted((cause as Error).message, cause);
  }
}

function notStarted(reason: string | undefined, cause?: unknown): PyramidFlowError {
  const problem = `the training worker did not start${reason ? `: ${reason}` : ''}`;
  const remedy = "serve web-worker.js beside web.js, and allow it in the page's Content-Security-Policy (worker-src)";
  return new PyramidFlowError('UsageError', problem, remedy, { cause });
}

/** Elements and video frames exist in the page alone, which decodes them; the worker decodes files itself. */
async function send(ask: Ask, source: ImageSource): Promise<TrainReply> {
  const image = is('Blob', source) ? source : await decodeImage(source);
  return ask({ kind: 'image', image }, is('ImageBitmap', image) ? [image] : []);
}

/** Sends requests to a worker and resolves with the reply to each. Rejects with an error that comes back. */
function conversation(worker: Worker, observer: Pick<TrainOptions, 'onProgress' | 'onNotice' | 'onWarning'>): Ask {
  return (request, transfer = []) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<TrainReply>) => {
        if (data.kind === 'progress') observer.onProgress?.(data.progress);
        else if (data.kind === 'notice') observer.onNotice?.(data.text);
        else if (data.kind === 'warning') observer.onWarning?.(data.text);
        else if (data.kind === 'error') reject(errorFrom(data));
        else resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(notStarted(event.message));
      };
      worker.postMessage(request, transfer);
    });
}

function errorFrom({ code, problem, remedy, details }: ErrorReport): Error {
  return code ? new PyramidFlowError(code, problem, remedy, { details }) : new Error(problem);
}

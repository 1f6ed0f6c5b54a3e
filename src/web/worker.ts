import { encodeCheckpoint } from '../checkpoint/codec';
import { PyramidFlowError } from '../core/errors';
import { requestDevice } from '../gpu/device';
import { Runtime } from '../gpu/runtime';
import type { ByteImage } from '../image/augment';
import { newPlan, type TrainingPlan } from '../training/plan';
import { trainModel } from '../training/train';
import { decodeImage, is } from './image-source';
import { resizedImage } from './image-texture';
import { supportError } from './support';
import type { ErrorReport, TrainProgress, TrainReply, TrainRequest } from './train';

// The worker of `train`: takes images one by one, keeps them at the model's size, and trains once it has all of them.

const page = globalThis as unknown as {
  onmessage: (event: MessageEvent<TrainRequest>) => void;
  postMessage(reply: TrainReply, transfer?: Transferable[]): void;
};

type Start = Extract<TrainRequest, { kind: 'start' }>;

let started: Start | undefined;
let runtime: Promise<Runtime> | undefined;
let plan: TrainingPlan | undefined;
const images: ByteImage[] = [];

page.onmessage = ({ data }) => {
  answer(data).then(
    (reply) => page.postMessage(reply, reply.kind === 'done' ? [reply.checkpoint] : []),
    (error) => page.postMessage({ kind: 'error', ...errorReport(error) }),
  );
};

async function answer(request: TrainRequest): Promise<TrainReply> {
  if (request.kind === 'start') {
    started = request;
    runtime = openRuntime();
    await runtime;
    return { kind: 'ready' };
  }
  const gpu = await runtime!;
  const { count, category, choices } = started!;
  const decoded = is('Blob', request.image) ? await decodeImage(request.image) : request.image;
  const { height, width } = decoded;
  plan ??= newPlan(choices, { category, first: { height, width }, images: count }, notice);
  images.push(await resizedImage(gpu, decoded, plan.config.height, plan.config.width));
  if (is('ImageBitmap', decoded)) decoded.close();
  report({ phase: 'read', epoch: 0, epochs: plan.settings.epochs, step: images.length, steps: count });
  return images.length < count ? { kind: 'ready' } : trainOnImages(gpu, plan);
}

async function trainOnImages(gpu: Runtime, planned: TrainingPlan): Promise<TrainReply> {
  const { epochs } = planned.settings;
  let loss: number | undefined;
  const all = { count: images.length, image: (index: number) => images[index] };
  const checkpoint = await trainModel(gpu, planned, all, {
    onStep: ({ epoch, step, steps, loss: last }) => {
      loss = last;
      report({ phase: 'train', epoch, epochs, step, steps, loss });
    },
    onWarning: (text) => page.postMessage({ kind: 'warning', text }),
    onFinish: (step, steps) => report({ phase: 'template', epoch: epochs, epochs, step, steps, loss }),
  });
  const bytes = await encodeCheckpoint(checkpoint!);
  return { kind: 'done', checkpoint: bytes.buffer as ArrayBuffer };
}

async function openRuntime(): Promise<Runtime> {
  const unsupported = await supportError();
  if (unsupported) throw unsupported;
  return new Runtime(await requestDevice(navigator.gpu));
}

const report = (progress: TrainProgress): void => page.postMessage({ kind: 'progress', progress });

const notice = (text: string): void => page.postMessage({ kind: 'notice', text });

function errorReport(error: unknown): ErrorReport {
  if (error instanceof PyramidFlowError) {
    const { code, problem, remedy, details } = error;
    return { code, problem, remedy, details };
  }
  return { problem: String((error as Error)?.message ?? error), remedy: '' };
}

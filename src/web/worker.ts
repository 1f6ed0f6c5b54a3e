import { encodeCheckpoint } from '../checkpoint/encode';
import { PyramidFlowError } from '../core/errors';
import { Runtime } from '../gpu/runtime';
import type { ByteImage } from '../image/augment';
import { parseSize, type Size } from '../image/size';
import { newPlan, type TrainingPlan } from '../training/plan';
import type { TrainProgress } from '../training/progress';
import { trainModel } from '../training/train';
import { decodeImage, is } from './image-source';
import { openPageGpu } from './page-gpu';
import { resizedImage } from './resized-image';
import type { ErrorReport, TrainReply, TrainRequest, TrainSettings } from './train';

// The worker of `train`: takes images one by one, keeps them at the model's size, and trains once it has all of them.

const page = globalThis as unknown as {
  onmessage: (event: MessageEvent<TrainRequest>) => void;
  postMessage(reply: TrainReply, transfer?: Transferable[]): void;
};

let count: number;
let gpu: Runtime;
let planFor: (first: Size) => TrainingPlan;
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
    ({ count } = request);
    planFor = planner(request.settings);
    gpu = new Runtime(await openPageGpu());
    return { kind: 'ready' };
  }
  const image = is('Blob', request.image) ? await decodeImage(request.image) : request.image;
  plan ??= planFor(image);
  images.push(await resizedImage(gpu, image, plan.config.height, plan.config.width));
  if (is('ImageBitmap', image)) image.close();
  report({ phase: 'read', epoch: 0, epochs: plan.settings.epochs, step: images.length, steps: count });
  return images.length < count ? { kind: 'ready' } : trainOnImages(plan);
}

/** Reads the settings; the plan then follows from the size of the first image. */
function planner({ category = 'product', size, ...others }: TrainSettings): (first: Size) => TrainingPlan {
  const requested = typeof size === 'number' || typeof size === 'string' ? parseSize(String(size)) : size;
  const options = { ...others, size: requested };
  return ({ height, width }) => newPlan(options, { category, first: { height, width }, images: count }, notice);
}

async function trainOnImages(planned: TrainingPlan): Promise<TrainReply> {
  const { epochs } = planned.settings;
  let loss: number | undefined;
  const all = { count: images.length, image: (index: number) => images[index]! };
  const checkpoint = await trainModel(gpu, planned, all, {
    onStep: ({ epoch, step, steps, loss: last }) => {
      loss = last;
      report({ phase: 'train', epoch, epochs, step, steps, loss });
    },
    onWarning: (text) => page.postMessage({ kind: 'warning', text }),
    onTemplate: (step, steps) => report({ phase: 'template', epoch: epochs, epochs, step, steps, loss }),
  });
  const bytes = await encodeCheckpoint(checkpoint!);
  return { kind: 'done', checkpoint: bytes.buffer as ArrayBuffer };
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

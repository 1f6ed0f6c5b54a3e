import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import type { ByteImage } from '../image/augment';
import type { GpuDetector } from '../inspection/gpu-detector';
import { type LearntTemplate, learnTemplate } from '../training/learn-template';
import { type ImageSource, is } from './image-source';
import type { RefreshOptions } from './page-detector';
import { resizedImage } from './resized-image';

/** What learning takes from a detector of a page. */
export interface Learner {
  decode(source: ImageSource): Promise<ImageBitmap | ImageData>;
  /** Runs work on the detector as it lies on its device, and again where that is lost meanwhile. */
  use<T>(work: (loaded: { readonly gpu: Runtime; readonly detector: GpuDetector }) => Promise<T>): Promise<T>;
}

/** Learns a new template and threshold, see `PageDetector.refreshTemplate`. */
export async function relearn(
  sources: readonly ImageSource[] | AsyncIterable<ImageSource>,
  learner: Learner,
  { signal, onProgress }: RefreshOptions,
): Promise<LearntTemplate & { readonly images: number }> {
  const expected = Array.isArray(sources) ? sources.length : undefined;
  const resized: ByteImage[] = [];
  for await (const source of sources) {
    resized.push(await resizedSource(source, learner));
    if (expected) onProgress?.(resized.length, 3 * expected);
  }
  const count = resized.length;
  if (count < 2) {
    const problem = `a template needs at least 2 images of good parts, got ${count}`;
    throw new PyramidFlowError('DataError', problem, 'add more');
  }
  const learnt = await learner.use(async ({ detector }) => {
    const onImage = (done: number) => onProgress?.(count + done, 3 * count);
    const all = { count, image: (index: number) => resized[index]! };
    const found = await learnTemplate(detector.model, all, { signal, onImage, normalization: detector.normalization });
    if (found) detector.setTemplate(found.template, found.threshold);
    return found;
  });
  if (!learnt) throw signal!.reason;
  return { ...learnt, images: count };
}

/** The image's bytes at the model's size, as training takes them. */
async function resizedSource(source: ImageSource, { decode, use }: Learner): Promise<ByteImage> {
  const image = await decode(source);
  try {
    return await use(({ gpu, detector: { config } }) => resizedImage(gpu, image, config.height, config.width));
  } finally {
    if (is('ImageBitmap', image)) image.close();
  }
}

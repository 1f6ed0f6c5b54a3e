import { networkInput } from '../image/model-input';
import { anomalyMap, imageScores } from '../inspection/anomaly-map';
import { TemplateMean } from '../inspection/template';
import { thresholdFromGood } from '../inspection/threshold';
import type { Normalization } from '../ops/preprocess';
import type { PyramidFlow } from '../pyramidflow/pyramid-flow';
import { scope } from '../tensor/scope';
import type { TrainingImages } from './fit';

/** What a trained model needs to judge images: see Checkpoint. */
export interface LearntTemplate {
  readonly template: Float32Array[];
  readonly threshold: number;
}

export interface LearnTemplateOptions {
  readonly signal?: AbortSignal;
  onImage?(done: number, of: number): void;
  /** of the network's input; default ImageNet's */
  readonly normalization?: Normalization;
}

/**
 * The template, the mean latent of all good images (paper, section 3.4), and a threshold from their scores against it.
 * `onImage` is called twice an image. Returns undefined where the signal stopped it. Throws NumericError where a score
 * is not finite.
 */
export async function learnTemplate(
  model: PyramidFlow,
  images: TrainingImages,
  { signal, onImage, normalization }: LearnTemplateOptions = {},
): Promise<LearntTemplate | undefined> {
  const mean = new TemplateMean();
  const latent = (index: number) => model.forward(networkInput(model.gpu, [images.image(index)], normalization));
  for (let i = 0; i < images.count; i++) {
    scope(() => mean.add(latent(i)));
    await model.gpu.finish();
    onImage?.(i + 1, 2 * images.count);
    if (signal?.aborted) break; // not before: there is no mean of no images
  }
  const levels = mean.result();
  const scores = new Float32Array(images.count);
  for (let i = 0; i < images.count; i++) {
    if (signal?.aborted) break;
    const score = scope(() => imageScores(anomalyMap(latent(i), levels)));
    scores[i] = (await score.read())[0]!;
    score.free();
    onImage?.(images.count + i + 1, 2 * images.count);
  }
  const template: Float32Array[] = [];
  for (const level of levels) {
    template.push(await level.read());
    level.free();
  }
  return signal?.aborted ? undefined : { template, threshold: thresholdFromGood(scores).threshold };
}

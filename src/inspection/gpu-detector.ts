import type { Checkpoint } from '../checkpoint/checkpoint';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { type Normalization, normalizeBytes } from '../ops/preprocess';
import { latentShape, type PyramidFlowConfig } from '../pyramidflow/config';
import { PyramidFlow } from '../pyramidflow/pyramid-flow';
import { scope, unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { anomalyMap, imageScores } from './anomaly-map';
import { checkThreshold } from './check-threshold';

/** Good: the score is at most the threshold. Defective: it is above. */
export type Verdict = 'good' | 'defective';

/** Milliseconds. The GPU runs asynchronously: `upload` ends when its commands are recorded. */
export interface DetectionTimings {
  /** of the file or frame, as the caller measured it */
  readonly decode: number;
  /** to the GPU, and the resize to the model's size */
  readonly upload: number;
  /** until the GPU has finished */
  readonly network: number;
  /** from then until score and map are back */
  readonly read: number;
}

/** What a detector found on an image. */
export interface Detection {
  /** anomaly map, height x width of the model, row-major, larger is more anomalous; every value is finite */
  readonly map: Float32Array;
  /** the map's maximum */
  readonly score: number;
  /** where the model has a threshold */
  readonly verdict?: Verdict;
  readonly timings: DetectionTimings;
}

/** A detection whose map, (1, 1, H, W), also lies on the GPU, where the caller frees it. */
export interface GpuDetection extends Omit<Detection, 'map'> {
  readonly tensor: Tensor;
  /** where it was asked for */
  readonly map?: Float32Array;
}

/** An image that can put itself on the GPU: RGB bytes, (1, height, width, 3), which the caller frees. */
export interface GpuImage {
  /** The image at this size in pixels, as a tensor of u32 that the caller frees. */
  resized(height: number, width: number): Tensor<'u32'> | Promise<Tensor<'u32'>>;
}

/** How an image is judged. */
export interface DetectOptions {
  /** ms that it took to decode the image, for the timings; default 0 */
  readonly decode?: number;
  /** false leaves the map on the GPU alone, and reads back the score only; default true */
  readonly readMap?: boolean;
}

/** A trained model with its template: images that put themselves on the GPU in; anomaly maps, scores and verdicts out. */
export class GpuDetector {
  constructor(
    readonly model: PyramidFlow,
    private readonly template: readonly Tensor[],
    readonly category: string,
    readonly normalization: Normalization | undefined,
    private limit: number | undefined,
  ) {
    model.prepare();
  }

  /** Images that score above it are called defective. Set to anything but undefined or a finite number above 0: UsageError. */
  get threshold(): number | undefined {
    return this.limit;
  }

  /** @throws UsageError for anything but undefined or a finite number above 0 */
  set threshold(value: number | undefined) {
    this.limit = checkThreshold(value);
  }

  /** The shape of the model; its height and width are those of the map. */
  get config(): PyramidFlowConfig {
    return this.model.config;
  }

  /** Network input (N, 3, H, W) -> anomaly maps (N, 1, H, W). */
  maps(images: Tensor): Tensor {
    return scope(() => anomalyMap(this.model.forward(images), this.template));
  }

  /**
   * Compiles the pipelines of a detection in parallel: the first image then takes no longer than the others.
   *
   * @param bytes does what `resized` does of the images to come
   */
  async compileFor(bytes: GpuImage['resized']): Promise<void> {
    const { height, width } = this.config;
    const image = () => bytes(height, width) as Tensor<'u32'>;
    await this.model.gpu.rehearse(() => scope(() => void this.inspect(normalizeBytes(image(), this.normalization))));
  }

  /** Replaces the template, one latent a level, and the threshold that belongs to it. Throws ShapeError. */
  setTemplate(template: readonly Float32Array[], threshold: number | undefined): void {
    const checked = checkThreshold(threshold);
    this.template.forEach((level, i) => level.write(template[i]!));
    this.limit = checked;
  }

  /** Judges an image of any size. Throws NumericError where its map is not finite, DeviceError. */
  async detectOnGpu(image: GpuImage, { decode = 0, readMap = true }: DetectOptions = {}): Promise<GpuDetection> {
    const { gpu } = this.model;
    const { height, width } = this.config;
    const start = performance.now();
    const bytes = await image.resized(height, width);
    const uploaded = performance.now();
    const { map: tensor, scores } = scope(() => this.inspect(normalizeBytes(bytes, this.normalization)));
    bytes.free();
    try {
      const reading = Promise.all([scores.read(), readMap ? tensor.read() : undefined]);
      const [[scoresRead, map], computed] = await Promise.all([reading, gpu.finish().then(() => performance.now())]);
      const score = scoresRead[0]!;
      const verdict = this.verdict(score, map);
      const timings = { decode, upload: uploaded - start, network: computed - uploaded, read: performance.now() - computed };
      return { tensor, map, score, verdict, timings };
    } catch (error) {
      tensor.free();
      throw error;
    } finally {
      scores.free();
      gpu.trim();
    }
  }

  /** Network input (N, 3, H, W) -> anomaly maps (N, 1, H, W) and their maxima (N). */
  inspect(images: Tensor): { map: Tensor; scores: Tensor } {
    const map = this.maps(images);
    return { map, scores: imageScores(map) };
  }

  /**
   * Good only where the score is proven to be no more than the threshold; undefined where there is no threshold.
   *
   * @param map the values that the score is the maximum of, where they were read
   * @throws NumericError where the score or a value of the map is not finite: such an image has no verdict
   */
  verdict(score: number, map?: Float32Array): Verdict | undefined {
    requireFinite(score, map);
    if (this.limit === undefined) return undefined;
    return score <= this.limit ? 'good' : 'defective';
  }

  /** Frees model and template on the GPU. */
  dispose(): void {
    this.model.free();
    for (const level of this.template) level.free();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function requireFinite(score: number, map: Float32Array | undefined): void {
  const at = map?.findIndex((value) => !Number.isFinite(value)) ?? -1;
  if (at < 0 && Number.isFinite(score)) return;
  throw new PyramidFlowError(
    'NumericError',
    at < 0 ? `the score of the image is ${score}` : `the anomaly map of the image holds ${map![at]} at pixel ${at}`,
    'do not trust this model: its file is damaged or its training diverged, so use another copy or train it again',
  );
}

/** What a detector is made of. Throws CheckpointError where the checkpoint has no template: its training was not finished. */
export function detectorParts(
  gpu: Runtime,
  { config, tensors, template, category, normalization, threshold }: Checkpoint,
): ConstructorParameters<typeof GpuDetector> {
  if (!template) {
    throw new PyramidFlowError(
      'CheckpointError',
      'this checkpoint has no template, since its training was stopped before the end',
      'finish it by resuming the training',
      { details: { settings: ['resume'] } },
    );
  }
  const levels = unscoped(() => template.map((data, i) => Tensor.from(gpu, latentShape(config, i), data, `template.${i}`)));
  const model = PyramidFlow.fromTensors(gpu, config, tensors);
  return [model, levels, category, normalization, checkThreshold(threshold)];
}

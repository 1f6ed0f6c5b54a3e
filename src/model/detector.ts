import type { ByteImage } from '../data/augment';
import { PyramidFlowError } from '../errors';
import type { Runtime } from '../gpu/runtime';
import { checkThreshold } from '../metrics/threshold';
import type { Normalization } from '../ops/preprocess';
import { scope, unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { anomalyMap, imageScores } from './anomaly-map';
import type { Checkpoint } from './checkpoint';
import { type PyramidFlowConfig, latentShape } from './config';
import { resizedInput } from './image-input';
import { PyramidFlow } from './pyramid-flow';

export type Verdict = 'good' | 'defective';

export interface Detection {
  /** anomaly map, height x width of the model, row-major, larger is more anomalous; every value is finite */
  readonly map: Float32Array;
  /** the map's maximum */
  readonly score: number;
  /** where the model has a threshold */
  readonly verdict?: Verdict;
  /** ms: upload and resize as far as this thread takes part in them, and from there until map and score are back */
  readonly timings: { readonly upload: number; readonly run: number };
}

/** A trained model with its template: pictures in, anomaly maps, scores and verdicts out. */
export class Detector {
  private constructor(
    readonly model: PyramidFlow,
    private readonly template: readonly Tensor[],
    readonly category: string,
    readonly normalization: Normalization | undefined,
    private limit: number | undefined,
  ) {}

  /** Throws CheckpointError where the checkpoint has no template: its training was not finished. */
  static fromCheckpoint(gpu: Runtime, { config, tensors, template, category, normalization, threshold }: Checkpoint): Detector {
    if (!template) {
      throw new PyramidFlowError(
        'CheckpointError',
        'this checkpoint has no template, since its training was stopped before the end',
        'finish it by resuming the training',
        { details: { settings: ['resume'] } },
      );
    }
    const levels = unscoped(() =>
      template.map((data, i) => Tensor.from(gpu, latentShape(config, i), data, `template.${i}`)),
    );
    const model = PyramidFlow.fromTensors(gpu, config, tensors);
    return new Detector(model, levels, category, normalization, checkThreshold(threshold));
  }

  /** A detector from a model and its template, which it takes over. */
  static fromModel(model: PyramidFlow, template: readonly Tensor[], category: string, normalization?: Normalization): Detector {
    return new Detector(model, template, category, normalization, undefined);
  }

  /** Images that score above it are called defective. Set to anything but undefined or a finite number above 0: UsageError. */
  get threshold(): number | undefined {
    return this.limit;
  }

  set threshold(value: number | undefined) {
    this.limit = checkThreshold(value);
  }

  get config(): PyramidFlowConfig {
    return this.model.config;
  }

  /** Network input (N, 3, H, W) -> anomaly maps (N, 1, H, W). */
  maps(images: Tensor): Tensor {
    return scope(() => anomalyMap(this.model.forward(images), this.template));
  }

  /** Makes the pipelines of `detect` ready, compiled in parallel: the first picture then takes no longer than others. */
  async compile(): Promise<void> {
    const [height, width] = [this.config.height + 1, this.config.width + 1]; // another size, so that it is resized
    const image = { data: new Uint8Array(3 * height * width), height, width, channels: 3 };
    const input = () => resizedInput(this.model.gpu, image, this.config.height, this.config.width, this.normalization);
    await this.model.gpu.rehearse(() => scope(() => void this.inspect(input())));
  }

  /** Replaces the template, one latent a level, and the threshold that belongs to it. Throws ShapeError. */
  setTemplate(template: readonly Float32Array[], threshold: number | undefined): void {
    const checked = checkThreshold(threshold);
    this.template.forEach((level, i) => level.write(template[i]));
    this.limit = checked;
  }

  /** An RGB image of any size, resized to the model's. Throws NumericError where the map is not finite. */
  async detect(image: ByteImage): Promise<Detection> {
    const start = performance.now();
    const { height, width } = this.config;
    const input = resizedInput(this.model.gpu, image, height, width, this.normalization);
    const uploaded = performance.now();
    const { map, scores } = this.inspect(input);
    input.free();
    const [values, [score]] = await Promise.all([map.read(), scores.read()]).finally(() => {
      map.free();
      scores.free();
    });
    const timings = { upload: uploaded - start, run: performance.now() - uploaded };
    return { map: values, score, verdict: this.verdict(score, values), timings };
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
   * @throws NumericError where the score or a value of the map is not finite: such a picture has no verdict
   */
  verdict(score: number, map?: Float32Array): Verdict | undefined {
    requireFinite(score, map);
    if (this.limit === undefined) return undefined;
    return score <= this.limit ? 'good' : 'defective';
  }

  free(): void {
    this.model.free();
    for (const level of this.template) level.free();
  }
}

function requireFinite(score: number, map: Float32Array | undefined): void {
  const at = map?.findIndex((value) => !Number.isFinite(value)) ?? -1;
  if (at < 0 && Number.isFinite(score)) return;
  throw new PyramidFlowError(
    'NumericError',
    at < 0 ? `the score of the picture is ${score}` : `the anomaly map of the picture holds ${map![at]} at pixel ${at}`,
    'do not trust this model: its file is damaged or its training diverged, so use another copy or train it again',
  );
}

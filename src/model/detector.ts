import type { ByteImage } from '../data/augment';
import { PyramidFlowError } from '../errors';
import type { Runtime } from '../gpu/runtime';
import type { Normalization } from '../ops/preprocess';
import { scope, unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { anomalyMap, imageScores } from './anomaly-map';
import { type Checkpoint, latentShape } from './checkpoint';
import type { PyramidFlowConfig } from './config';
import { resizedInput } from './image-input';
import { PyramidFlow } from './pyramid-flow';

export interface Detection {
  /** anomaly map, height x width of the model, row-major, larger is more anomalous */
  readonly map: Float32Array;
  /** the map's maximum */
  readonly score: number;
  /** where the model has a threshold */
  readonly verdict?: 'good' | 'defective';
}

/** A trained model with its template: pictures in, anomaly maps, scores and verdicts out. */
export class Detector {
  private constructor(
    readonly model: PyramidFlow,
    private readonly template: readonly Tensor[],
    readonly category: string,
    readonly normalization: Normalization | undefined,
    /** images that score above it are called defective */
    public threshold: number | undefined,
  ) {}

  /** Throws CheckpointError where the checkpoint has no template: its training was not finished. */
  static fromCheckpoint(gpu: Runtime, { config, tensors, template, category, normalization, threshold }: Checkpoint): Detector {
    if (!template) {
      throw new PyramidFlowError(
        'CheckpointError',
        'this checkpoint has no template, since its training was stopped before the end',
        'finish it with `pyramidflow train --resume FILE`',
      );
    }
    const levels = unscoped(() =>
      template.map((data, i) => Tensor.from(gpu, latentShape(config, i), data, `template.${i}`)),
    );
    const model = PyramidFlow.fromTensors(gpu, config, tensors);
    return new Detector(model, levels, category, normalization as Normalization, threshold);
  }

  /** A detector from a model and its template, which it takes over. */
  static fromModel(model: PyramidFlow, template: readonly Tensor[], category: string, normalization?: Normalization): Detector {
    return new Detector(model, template, category, normalization, undefined);
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
    await this.model.gpu.rehearse(() => scope(() => void this.judge(image)));
  }

  /** Replaces the template, one latent a level, and the threshold that belongs to it. Throws ShapeError. */
  setTemplate(template: readonly Float32Array[], threshold: number | undefined): void {
    this.template.forEach((level, i) => level.write(template[i]));
    this.threshold = threshold;
  }

  /** An RGB image of any size, resized to the model's. */
  async detect(image: ByteImage): Promise<Detection> {
    const { map, scores } = this.judge(image);
    const [values, [score]] = await Promise.all([map.read(), scores.read()]);
    map.free();
    scores.free();
    return { map: values, score, verdict: this.verdict(score) };
  }

  /** Network input (N, 3, H, W) -> anomaly maps (N, 1, H, W) and their maxima (N). */
  inspect(images: Tensor): { map: Tensor; scores: Tensor } {
    const map = this.maps(images);
    return { map, scores: imageScores(map) };
  }

  private judge(image: ByteImage): { map: Tensor; scores: Tensor } {
    const { height, width } = this.config;
    return scope(() => this.inspect(resizedInput(this.model.gpu, image, height, width, this.normalization)));
  }

  verdict(score: number): 'good' | 'defective' | undefined {
    if (this.threshold === undefined) return undefined;
    return score > this.threshold ? 'defective' : 'good';
  }

  free(): void {
    this.model.free();
    for (const level of this.template) level.free();
  }
}

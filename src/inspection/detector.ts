import type { Checkpoint } from '../checkpoint/checkpoint';
import type { Runtime } from '../gpu/runtime';
import type { ByteImage } from '../image/augment';
import { resizedBytes } from '../image/model-input';
import type { Normalization } from '../ops/preprocess';
import type { PyramidFlow } from '../pyramidflow/pyramid-flow';
import type { Tensor } from '../tensor/tensor';
import { type Detection, type DetectOptions, detectorParts, GpuDetector, type GpuImage } from './gpu-detector';

/** A trained model with its template: images in, anomaly maps, scores and verdicts out. */
export class Detector extends GpuDetector {
  /** Throws CheckpointError where the checkpoint has no template: its training was not finished. */
  static fromCheckpoint(gpu: Runtime, checkpoint: Checkpoint): Detector {
    return new Detector(...detectorParts(gpu, checkpoint));
  }

  /** A detector from a model and its template, both of which it owns from then on. */
  static fromModel(
    model: PyramidFlow,
    template: readonly Tensor[],
    category: string,
    normalization?: Normalization,
  ): Detector {
    return new Detector(model, template, category, normalization, undefined);
  }

  /** Compiles the pipelines of `detect` in parallel: the first image then takes no longer than the others. */
  async compile(): Promise<void> {
    const [height, width] = [this.config.height + 1, this.config.width + 1]; // another size, so that it is resized
    const image = { data: new Uint8Array(3 * height * width), height, width, channels: 3 };
    await this.compileFor((...size) => resizedBytes(this.model.gpu, image, ...size));
  }

  /** Judges an RGB image of any size. Throws NumericError where its map is not finite, DeviceError. */
  async detect(image: ByteImage | GpuImage, options: Pick<DetectOptions, 'decode'> = {}): Promise<Detection> {
    const { gpu } = this.model;
    const onGpu = 'resized' in image ? image : { resized: (...size: [number, number]) => resizedBytes(gpu, image, ...size) };
    const { tensor, map, ...found } = await this.detectOnGpu(onGpu, options);
    tensor.free();
    return { map: map!, ...found };
  }
}

import type { Checkpoint } from '../checkpoint/checkpoint';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { checkThreshold } from '../inspection/check-threshold';
import { detectorParts, GpuDetector } from '../inspection/gpu-detector';
import type { PyramidFlowConfig } from '../pyramidflow/config';
import { abortable } from './abort';
import type { Draw } from './draw';
import { decodeImage, type ImageSource, is } from './image-source';
import { ImageTexture, resizedExample } from './image-texture';
import { PageDetection } from './page-detection';
import type { Learner } from './relearn';
import type { SharedDevice } from './shared-device';

/** How an image is judged. */
export interface DetectOptions {
  /** stops waiting for the detection */
  readonly signal?: AbortSignal;
  /** 'gpu' reads back the score alone, which is faster; default 'array', which reads the map too */
  readonly map?: 'array' | 'gpu';
}

/** How a template is learnt anew. */
export interface RefreshOptions {
  /** stops learning; the detector is then unchanged */
  readonly signal?: AbortSignal;
  /**
   * called after each image of each of the three passes: reading, template, threshold. While images of an iterable whose
   * length is not known are read, it is not called.
   *
   * @param done images so far, all passes together
   * @param of three times the number of images
   */
  onProgress?(done: number, of: number): void;
}

/** Milliseconds that loading a detector took. Compiling and uploading run at the same time. */
export interface LoadTimings {
  fetch: number;
  compile: number;
  upload: number;
  /** network and reading back of the first image; undefined before it */
  firstRun?: number;
}

/** How often one call starts again on a new device; if the device is lost more often than that, the call itself is the cause. */
const MOST_RESTARTS = 2;

/** A detector as it lies on one device. */
interface Loaded {
  readonly gpu: Runtime;
  readonly detector: GpuDetector;
  readonly draw: Draw;
}

/**
 * A trained model in a page: images in; scores, verdicts and maps out. `loadDetector` makes it. Where its device is lost, it
 * moves to a new one, and what was running runs again.
 */
export class PageDetector {
  private loading: { gpu: Runtime; loaded: Promise<Loaded> } | undefined;
  private disposed = false;

  constructor(
    private readonly device: SharedDevice,
    private checkpoint: Checkpoint,
    readonly timings: LoadTimings,
  ) {}

  /** Size and architecture of the network. */
  get config(): PyramidFlowConfig {
    return this.checkpoint.config;
  }

  /** What the model was trained on, such as 'bottle'. */
  get category(): string {
    return this.checkpoint.category;
  }

  /** Images that score above it are defective; undefined where the model gives no verdict. */
  get threshold(): number | undefined {
    return this.checkpoint.threshold;
  }

  /** Puts the model on the device, unless it is there already. `loadDetector` has done so. */
  async prepare(): Promise<void> {
    await this.use(async () => undefined);
  }

  /**
   * Inspects one image.
   *
   * @param source an image of any size; it is resized to the model's
   * @returns the detection, to be disposed of by the caller
   * @throws DataError where the image cannot be read or is too large for this GPU; NumericError where its map is not finite;
   *   DeviceError where the device keeps being lost; UsageError after `dispose`; the signal's reason
   */
  async detect(source: ImageSource, { signal, map = 'array' }: DetectOptions = {}): Promise<PageDetection> {
    signal?.throwIfAborted();
    const start = performance.now();
    const image = await this.decode(source, signal);
    const decode = performance.now() - start;
    try {
      return await this.use((loaded) => this.inspect(loaded, image, { signal, map }, decode), signal);
    } finally {
      if (is('ImageBitmap', image)) image.close();
    }
  }

  /**
   * Sets the threshold for the verdicts of all detections from now on; `save` keeps it.
   *
   * @param value images that score above it are defective; undefined for no verdict
   * @throws UsageError unless it is undefined or a finite number above 0
   */
  setThreshold(value: number | undefined): void {
    this.checkpoint = { ...this.checkpoint, threshold: checkThreshold(value) };
  }

  /**
   * Learns a new template, and the threshold that goes with it, from images of good parts. The network stays as it is: this
   * adapts a model to a new light or camera in seconds. On an error or an abort the detector is unchanged.
   *
   * @param images at least two images of good parts
   * @returns the new threshold, and how many images it was learnt from
   * @throws DataError for fewer than two images, and everything that `detect` throws
   */
  async refreshTemplate(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    { signal, onProgress }: RefreshOptions = {},
  ): Promise<{ threshold: number; images: number }> {
    const sources = Symbol.iterator in images ? [...images] : images;
    const { relearn } = await import('./later');
    const learner: Learner = {
      decode: (source) => this.decode(source, signal),
      use: (work) => this.use(work, signal),
    };
    const { template, threshold, images: count } = await relearn(sources, learner, { signal, onProgress });
    this.checkpoint = { ...this.checkpoint, template, threshold };
    return { threshold, images: count };
  }

  /**
   * The model as a file, .safetensors, with its present template and threshold.
   *
   * @throws NumericError where the model holds values that could not be loaded again
   */
  async save(): Promise<Blob> {
    const { checkpoint } = this;
    const { encodeCheckpoint } = await import('./later');
    const bytes = (await encodeCheckpoint(checkpoint)) as Uint8Array<ArrayBuffer>;
    return new Blob([bytes], { type: 'application/octet-stream' });
  }

  /** Frees the model on the GPU. Its detections stay until they are disposed of themselves. */
  dispose(): void {
    this.disposed = true;
    this.release();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private async inspect(
    { gpu, detector, draw }: Loaded,
    source: ImageBitmap | ImageData,
    { signal, map }: DetectOptions,
    decode: number,
  ): Promise<PageDetection> {
    const image = ImageTexture.upload(gpu, source);
    try {
      const { threshold } = this;
      detector.threshold = threshold;
      const detecting = detector.detectOnGpu(image, { decode, readMap: map === 'array' });
      detecting.then(
        ({ tensor }) => signal?.aborted && tensor.free(), // nobody waits for it any more
        () => undefined,
      );
      const { tensor, ...found } = await abortable(detecting, signal);
      this.timings.firstRun ??= found.timings.network + found.timings.read;
      return new PageDetection({ draw, tensor, image, threshold, ...found });
    } catch (error) {
      image.dispose();
      throw error;
    }
  }

  private decode(source: ImageSource, signal: AbortSignal | undefined): Promise<ImageBitmap | ImageData> {
    return abortable(decodeImage(source), signal);
  }

  /** Runs `work` on the loaded model, and again on a new device where the device is lost meanwhile. */
  private async use<T>(work: (loaded: Loaded) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let restarts = 0; ; restarts++) {
      const gpu = await this.device.runtime();
      signal?.throwIfAborted();
      if (this.disposed) throw new PyramidFlowError('UsageError', 'this detector was disposed', 'load it again');
      try {
        return await work(await this.loadedOn(gpu));
      } catch (error) {
        const mayBeLost = !(error instanceof PyramidFlowError) || error.code === 'DeviceError';
        const mayRestart = restarts < MOST_RESTARTS && !this.disposed && !signal?.aborted;
        if (!(mayBeLost && mayRestart && (await this.device.wasLost(gpu)))) throw error;
      }
    }
  }

  private loadedOn(gpu: Runtime): Promise<Loaded> {
    if (this.loading?.gpu !== gpu) {
      this.release();
      const loaded = this.load(gpu);
      this.loading = { gpu, loaded };
      // a failure is forgotten, so that the next call tries again
      loaded.catch(() => this.loading?.loaded === loaded && (this.loading = undefined));
    }
    return this.loading.loaded;
  }

  /** Uploads the weights while all pipelines are compiled. */
  private async load(gpu: Runtime): Promise<Loaded> {
    const start = performance.now();
    const detector = new GpuDetector(...detectorParts(gpu, this.checkpoint));
    const uploading = gpu.finish().then(() => (this.timings.upload = performance.now() - start));
    const drawing = import('./draw').then(({ drawOn }) => drawOn(gpu));
    const compiling = Promise.all([drawing, detector.compileFor((...size) => resizedExample(gpu, ...size))]);
    const timed = compiling.then(([draw]) => {
      this.timings.compile = performance.now() - start;
      return draw;
    });
    const [draw] = await Promise.all([timed, uploading]);
    return { gpu, detector, draw };
  }

  private release(): void {
    this.loading?.loaded.then(
      ({ gpu, detector }) => {
        detector.dispose();
        gpu.trim(0);
      },
      () => undefined,
    );
    this.loading = undefined;
  }
}

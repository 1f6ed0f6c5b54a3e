import type { Checkpoint } from '../checkpoint/checkpoint';
import { encodeCheckpoint } from '../checkpoint/codec';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import type { ByteImage } from '../image/augment';
import { Detector } from '../inspection/detector';
import { checkThreshold } from '../inspection/threshold';
import type { PyramidFlowConfig } from '../pyramidflow/config';
import { finishTraining } from '../training/finish';
import { abortable } from './abort';
import { painterFor } from './canvas';
import { decodeImage, type ImageSource, is } from './image-source';
import { ImageTexture, resizedImage } from './image-texture';
import type { MapPainter } from './map-painter';
import { PageDetection } from './page-detection';
import type { SharedDevice } from './shared-device';

export interface DetectOptions {
  readonly signal?: AbortSignal;
  /** default 'array'; with 'gpu' the score alone is read back */
  readonly map?: 'array' | 'gpu';
}

export interface RefreshOptions {
  readonly signal?: AbortSignal;
  onProgress?(done: number, of: number): void;
}

/** Milliseconds until a detector was ready; compiling and uploading go on at the same time. */
export interface LoadTimings {
  fetch: number;
  compile: number;
  upload: number;
  /** of the first image, once there was one */
  firstRun?: number;
}

/** A detector as it lies on one device. */
interface Loaded {
  readonly gpu: Runtime;
  readonly detector: Detector;
  readonly painter: MapPainter;
}

/** A trained model in a page: images in, scores, verdicts and maps out. `loadDetector` makes it. */
export class PageDetector {
  private loading: { gpu: Runtime; loaded: Promise<Loaded> } | undefined;
  private disposed = false;

  constructor(
    private readonly device: SharedDevice,
    private checkpoint: Checkpoint,
    readonly timings: LoadTimings,
  ) {}

  get config(): PyramidFlowConfig {
    return this.checkpoint.config;
  }

  get category(): string {
    return this.checkpoint.category;
  }

  get threshold(): number | undefined {
    return this.checkpoint.threshold;
  }

  /** Puts the model on the device, if it is not there yet. */
  async prepare(): Promise<void> {
    await this.use(async () => undefined);
  }

  /** Looks at an image of any size. Throws DataError, DeviceError, NumericError, the signal's reason. */
  async detect(source: ImageSource, { signal, map = 'array' }: DetectOptions = {}): Promise<PageDetection> {
    signal?.throwIfAborted();
    const start = performance.now();
    const image = await this.decode(source, signal);
    const decode = performance.now() - start;
    try {
      return await this.use((loaded) => this.judge(loaded, image, { signal, map }, decode), signal);
    } finally {
      if (is('ImageBitmap', image)) image.close();
    }
  }

  /** Moves the threshold above which images are called defective; undefined for no verdict. Throws UsageError. */
  setThreshold(value: number | undefined): void {
    this.checkpoint = { ...this.checkpoint, threshold: checkThreshold(value) };
  }

  /**
   * Learns a new template, and the threshold that belongs to it, from good parts; nothing changes where it is stopped.
   * Throws DataError for fewer than two, and what `detect` throws.
   */
  async refreshTemplate(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    { signal, onProgress }: RefreshOptions = {},
  ): Promise<{ threshold: number; images: number }> {
    const sources = Symbol.iterator in images ? [...images] : images;
    const expected = Array.isArray(sources) ? sources.length : undefined;
    const resized: ByteImage[] = [];
    for await (const source of sources) {
      resized.push(await this.resized(source, signal));
      if (expected) onProgress?.(resized.length, 3 * expected);
    }
    if (resized.length < 2)
      throw new PyramidFlowError('DataError', `${resized.length} good parts make no template`, 'give at least two');
    const finish = await this.use(async ({ detector }) => {
      const onImage = (done: number) => onProgress?.(resized.length + done, 3 * resized.length);
      const all = { count: resized.length, image: (index: number) => resized[index] };
      const found = await finishTraining(detector.model, all, { signal, onImage, normalization: detector.normalization });
      if (found) detector.setTemplate(found.template, found.threshold);
      return found;
    }, signal);
    if (!finish) throw signal!.reason;
    this.checkpoint = { ...this.checkpoint, ...finish };
    return { threshold: finish.threshold, images: resized.length };
  }

  /** The checkpoint, .safetensors, with the template and the threshold as they are now. */
  async save(): Promise<Blob> {
    return new Blob([(await encodeCheckpoint(this.checkpoint)) as Uint8Array<ArrayBuffer>], {
      type: 'application/octet-stream',
    });
  }

  /** Frees the model on the GPU. Detections that were made stay until they are disposed of themselves. */
  dispose(): void {
    this.disposed = true;
    this.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private async judge(
    { gpu, detector, painter }: Loaded,
    image: ImageBitmap | ImageData,
    { signal, map }: DetectOptions,
    decode: number,
  ): Promise<PageDetection> {
    const texture = ImageTexture.upload(gpu, image);
    try {
      const { threshold } = this;
      detector.threshold = threshold;
      const detecting = detector.detectOnGpu(texture, { decode, readMap: map === 'array' });
      detecting.then(
        ({ tensor }) => signal?.aborted && tensor.free(),
        () => undefined,
      ); // nobody waits for it any more
      const { tensor, ...found } = await abortable(detecting, signal);
      this.timings.firstRun ??= found.timings.network + found.timings.read;
      return new PageDetection({ painter, tensor, image: texture, threshold, ...found });
    } catch (error) {
      texture.free();
      throw error;
    }
  }

  /** The bytes of an image at the model's size, as training takes them. */
  private async resized(source: ImageSource, signal: AbortSignal | undefined): Promise<ByteImage> {
    const image = await this.decode(source, signal);
    const { height, width } = this.config;
    try {
      return await this.use(({ gpu }) => resizedImage(gpu, image, height, width), signal);
    } finally {
      if (is('ImageBitmap', image)) image.close();
    }
  }

  private decode(source: ImageSource, signal: AbortSignal | undefined): Promise<ImageBitmap | ImageData> {
    return abortable(decodeImage(source), signal);
  }

  /** Runs `work` on the model, and once more where its device is lost meanwhile and could be opened again. */
  private async use<T>(work: (loaded: Loaded) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      const gpu = await this.device.runtime();
      signal?.throwIfAborted();
      if (this.disposed) throw new PyramidFlowError('UsageError', 'this detector was disposed of', 'load another');
      try {
        return await work(await this.loadedOn(gpu));
      } catch (error) {
        const ours = error instanceof PyramidFlowError && error.code !== 'DeviceError';
        if (ours || this.disposed || signal?.aborted || !(await this.device.wasLost(gpu))) throw error;
      }
    }
  }

  private loadedOn(gpu: Runtime): Promise<Loaded> {
    if (this.loading?.gpu !== gpu) {
      this.release();
      const loaded = this.load(gpu);
      this.loading = { gpu, loaded };
      loaded.catch(() => this.loading?.loaded === loaded && (this.loading = undefined)); // so that it can be tried again
    }
    return this.loading.loaded;
  }

  /** Weights go to the device while pipelines are compiled, all of them at once. */
  private async load(gpu: Runtime): Promise<Loaded> {
    const start = performance.now();
    const detector = Detector.fromCheckpoint(gpu, this.checkpoint);
    const uploading = gpu.finish().then(() => (this.timings.upload = performance.now() - start));
    const compiling = Promise.all([painterFor(gpu), ImageTexture.compile(gpu), detector.compile()]);
    const timed = compiling.then(([painter]) => {
      this.timings.compile = performance.now() - start;
      return painter;
    });
    const [painter] = await Promise.all([timed, uploading]);
    return { gpu, detector, painter };
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

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { PyramidFlowError } from '../core/errors';
import { median } from '../core/statistics';
import type { TestImage } from '../dataset/layouts';
import type { ByteImage } from '../image/augment';
import { resizedBytes } from '../image/model-input';
import type { Size } from '../image/size';
import type { Detector } from '../inspection/detector';
import type { GpuImage, Verdict } from '../inspection/gpu-detector';
import { type Evaluation, EvaluationRun } from '../metrics/evaluation-run';
import { type Dataset, loadMask, readBytes } from './files/dataset';
import { readImage } from './files/image-file';

/** What was found on a test image. */
export interface JudgedImage extends Pick<TestImage, 'path' | 'defect' | 'label'> {
  readonly score: number;
  /** where the model has a threshold */
  readonly verdict?: Verdict;
}

/** A judged image with its pixels, all at the size of the model. */
export interface EvaluatedImage extends JudgedImage {
  /** RGB bytes, as the network saw them */
  readonly image: ByteImage;
  /** anomaly map, row by row */
  readonly map: Float32Array;
  /** ground truth, 1 where a defect is; undefined where a defective image has none */
  readonly mask?: Uint8Array;
}

/** A test image that could not be read or judged, or whose mask could not be read. */
export interface FailedImage extends Pick<TestImage, 'path' | 'defect' | 'label'> {
  readonly error: string;
}

/** How a data set is evaluated. */
export interface EvaluateOptions {
  /** stops after the image under way, with the metrics over those judged; or stops the metrics, which are null then */
  readonly signal?: AbortSignal;
  /** after every test image, and then up to a hundred times while the metrics are computed from all pixels */
  onProgress?(done: number, of: number, stage: 'images' | 'metrics'): void;
  /** called with every judged image and its pixels, one at a time; they are not kept */
  onImage?(image: EvaluatedImage): Promise<void>;
  /** called with the result of every test image as soon as it is known; a DataError from it ends the evaluation */
  onRow?(row: JudgedImage | FailedImage): Promise<void>;
}

/** The result of an evaluation. */
export interface FolderEvaluation {
  /** over `images` alone */
  readonly metrics: Evaluation;
  /** median time of an image in ms: resize, network, map and score, without decoding; NaN where none was judged */
  readonly msPerImage: number;
  readonly images: readonly JudgedImage[];
  /** count for no metric */
  readonly failures: readonly FailedImage[];
  /** number of test images in the data set */
  readonly of: number;
  /** why neither `images` nor `failures` has some of them */
  readonly ended?: 'stopped' | PyramidFlowError;
  /** paths of defective images without a mask, which count for the image metric alone */
  readonly missingMasks: readonly string[];
}

/**
 * Runs a detector over the test images of a data set, and measures how well it finds their defects. Metrics are taken at
 * the size of the model, over the images that could be judged: see `failures` and `ended` as well. Images and maps are not
 * kept; `EvaluationRun` says what of them stays in memory.
 *
 * @param dataset from `openDataset`
 * @throws DataError where the data set has no test image
 * @example
 * const { metrics } = await evaluateFolder(detector, await openDataset('mvtec', 'bottle'));
 * console.log(metrics.imageAuroc, metrics.aupro30);
 */
export async function evaluateFolder(
  detector: Detector,
  dataset: Dataset,
  { signal, onProgress, onImage, onRow }: EvaluateOptions = {},
): Promise<FolderEvaluation> {
  const { folder, test, missingMasks } = dataset;
  if (test.length === 0) {
    throw new PyramidFlowError(
      'DataError',
      `${folder} has no test images`,
      'put them into test/good and test/NAME-OF-DEFECT',
    );
  }
  const evaluation = new EvaluationRun(detector.config);
  const images: JudgedImage[] = [];
  const failures: FailedImage[] = [];
  const times: number[] = [];
  let ended: FolderEvaluation['ended'];
  let next = startReading(dataset, test[0]!);
  for (const [i, entry] of test.entries()) {
    if (signal?.aborted) {
      ended = 'stopped';
      break;
    }
    const { path, defect, label } = entry;
    let evaluated: EvaluatedImage | undefined;
    let row: JudgedImage | FailedImage;
    try {
      const decoded = await next.finally(() => {
        if (i + 1 < test.length) next = startReading(dataset, test[i + 1]!);
      });
      const mask = await maskOf(dataset, entry, decoded, detector.config);
      const input = onImage && new KeptInput(detector, decoded);
      const start = performance.now();
      const { map, score, verdict } = await detector.detect(input ?? decoded);
      times.push(performance.now() - start);
      evaluation.add(map, mask ?? null, score, label);
      const judged = { path, defect, label, score, verdict };
      images.push(judged);
      row = judged;
      if (input) evaluated = { ...judged, map, mask, image: await input.bytes! };
    } catch (error) {
      if (!(error instanceof PyramidFlowError)) throw error;
      if (error.code === 'DeviceError') {
        ended = error; // without the device no other image can be judged either
        break;
      }
      row = { path, defect, label, error: error.problem };
      failures.push(row);
    }
    try {
      await onRow?.(row);
    } catch (error) {
      if (!(error instanceof PyramidFlowError)) throw error;
      ended = error; // rows can no longer be kept
      break;
    }
    if (evaluated) await onImage?.(evaluated);
    onProgress?.(i + 1, test.length, 'images');
  }
  const heard = signal?.aborted ? undefined : signal; // a signal that stopped the images leaves the metrics over those judged
  const metrics = await evaluation.result({
    signal: heard,
    async onProgress(done, of) {
      onProgress?.(done, of, 'metrics');
      await setImmediate(); // lets Ctrl-C through
    },
  });
  if (heard?.aborted) ended ??= 'stopped';
  return { metrics, msPerImage: median(times), images, failures, of: test.length, ended, missingMasks };
}

/** An image of which the bytes that the network sees are kept, so that it is resized once. */
class KeptInput implements GpuImage {
  bytes: Promise<ByteImage> | undefined;

  constructor(
    private readonly detector: Detector,
    private readonly image: ByteImage,
  ) {}

  resized(height: number, width: number) {
    const resized = resizedBytes(this.detector.model.gpu, this.image, height, width);
    this.bytes = readBytes(resized);
    this.bytes.catch(() => undefined); // it is awaited after the detection, which may fail as well
    return resized;
  }
}

/** Reads an image while the GPU works on the one before; it may fail before it is awaited. */
function startReading({ folder, maxPixels }: Dataset, { path }: TestImage): Promise<ByteImage> {
  const reading = readImage(join(folder, path), { maxPixels });
  reading.catch(() => undefined);
  return reading;
}

/** The mask of an image at the size of the model; undefined where a defective image has none. */
async function maskOf(
  dataset: Dataset,
  { label, mask }: TestImage,
  image: Size,
  size: Size,
): Promise<Uint8Array | undefined> {
  if (label === 0) return new Uint8Array(size.height * size.width);
  return mask === undefined ? undefined : loadMask(dataset, mask, image, size);
}

import { join } from 'node:path';
import { PyramidFlowError } from '../core/errors';
import type { TestImage } from '../dataset/layouts';
import type { ByteImage } from '../image/augment';
import type { Size } from '../image/size';
import type { Detector } from '../inspection/detector';
import { type Evaluation, evaluateMaps } from '../metrics/evaluate';
import { type Dataset, loadMask, resizeImage } from './files/dataset';
import { readImage } from './files/image-file';
import type { ReportPicture } from './report/write-report';

/** A test picture that could not be read or judged, or whose mask could not. */
export interface FailedPicture extends Pick<TestImage, 'path' | 'defect' | 'label'> {
  readonly error: string;
}

export interface FolderEvaluation {
  /** over `pictures` alone */
  readonly metrics: Evaluation;
  /** median time of a picture: resize, network, map and score; decoding excluded. NaN where none was judged */
  readonly msPerImage: number;
  readonly pictures: readonly ReportPicture[];
  /** count for no metric */
  readonly failures: readonly FailedPicture[];
  /** test pictures in the data set */
  readonly of: number;
  /** why neither `pictures` nor `failures` has some of them */
  readonly ended?: 'stopped' | PyramidFlowError;
  /** defective pictures without a mask, which count for the image metric alone */
  readonly missingMasks: readonly string[];
}

/**
 * Maps and scores of a data set's test pictures, and how well they find the defects. Metrics are taken at the model's
 * size, over the pictures that could be judged: look at `failures` and `ended` as well. The signal stops it after the
 * picture under way. Throws DataError where there is no test picture.
 */
export async function evaluateFolder(
  detector: Detector,
  dataset: Dataset,
  onImage?: (done: number, of: number) => void,
  signal?: AbortSignal,
): Promise<FolderEvaluation> {
  const { folder, test, missingMasks } = dataset;
  if (test.length === 0) {
    throw new PyramidFlowError(
      'DataError',
      `${folder} has no test pictures`,
      'put them into test/good and test/NAME-OF-DEFECT',
    );
  }
  const pictures: ReportPicture[] = [];
  const failures: FailedPicture[] = [];
  const times: number[] = [];
  let ended: FolderEvaluation['ended'];
  let next = startReading(dataset, test[0]);
  for (const [i, image] of test.entries()) {
    if (signal?.aborted) {
      ended = 'stopped';
      break;
    }
    const { path, defect, label } = image;
    try {
      const bytes = await next.finally(() => {
        if (i + 1 < test.length) next = startReading(dataset, test[i + 1]);
      });
      const mask = await maskOf(dataset, image, bytes, detector.config);
      const start = performance.now();
      const { map, score, verdict } = await detector.detect(bytes);
      const ms = performance.now() - start;
      const small = await resizeImage(detector.model.gpu, bytes, detector.config);
      pictures.push({ path, defect, label, score, verdict, map, mask, image: small });
      times.push(ms);
    } catch (error) {
      if (!(error instanceof PyramidFlowError)) throw error;
      if (error.code === 'DeviceError') {
        ended = error; // without the device no other picture can be judged either
        break;
      }
      failures.push({ path, defect, label, error: error.problem });
    }
    onImage?.(i + 1, test.length);
  }
  const metrics = metricsOf(pictures, detector.config);
  return { metrics, msPerImage: median(times), pictures, failures, of: test.length, ended, missingMasks };
}

/** A picture, read while the GPU works on the one before it; it may fail before it is awaited. */
function startReading({ folder, maxPixels }: Dataset, { path }: TestImage): Promise<ByteImage> {
  const reading = readImage(join(folder, path), { maxPixels });
  reading.catch(() => undefined);
  return reading;
}

/** The picture's mask at the model's size; undefined where a defective picture has none. */
async function maskOf(
  dataset: Dataset,
  { label, mask }: TestImage,
  image: Size,
  size: Size,
): Promise<Uint8Array | undefined> {
  if (label === 0) return new Uint8Array(size.height * size.width);
  return mask === undefined ? undefined : loadMask(dataset, mask, image, size);
}

function metricsOf(pictures: readonly ReportPicture[], { height, width }: Size): Evaluation {
  const maps = new Float32Array(pictures.length * height * width);
  pictures.forEach(({ map }, i) => maps.set(map, i * height * width));
  return evaluateMaps({
    maps,
    masks: pictures.map(({ mask }) => mask ?? null),
    imageScores: Float32Array.from(pictures, ({ score }) => score),
    imageLabels: Uint8Array.from(pictures, ({ label }) => label),
    height,
    width,
  });
}

/** The middle value; of an even number, the mean of the two in the middle; of none, NaN. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

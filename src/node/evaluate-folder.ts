import { join } from 'node:path';
import type { TestImage } from '../data/layouts';
import { PyramidFlowError } from '../errors';
import { type Evaluation, evaluateMaps } from '../metrics/evaluate';
import type { Detector } from '../model/detector';
import { type Dataset, loadMask, resizeImage } from './dataset';
import { readImage } from './image-file';
import type { ReportPicture } from './report/write-report';

export interface FolderEvaluation {
  readonly metrics: Evaluation;
  /** median time of a picture: resize, network, map and score; decoding excluded */
  readonly msPerImage: number;
  readonly pictures: readonly ReportPicture[];
  /** defective pictures without a mask, which count for the image metric alone */
  readonly missingMasks: readonly string[];
}

/**
 * Maps and scores of a data set's test pictures, and how well they find the defects. Metrics are taken at the model's
 * size. Throws DataError where there is no test picture, and for one that cannot be read.
 */
export async function evaluateFolder(
  detector: Detector,
  dataset: Dataset,
  onImage?: (done: number, of: number) => void,
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
  const times: number[] = [];
  let next = readImage(join(folder, test[0].path));
  for (const [i, image] of test.entries()) {
    const bytes = await next;
    if (i + 1 < test.length) {
      next = readImage(join(folder, test[i + 1].path));
      next.catch(() => undefined); // it is awaited in the next round
    }
    const start = performance.now();
    const { map, score, verdict } = await detector.detect(bytes);
    times.push(performance.now() - start);
    const mask = await maskOf(dataset, image, bytes, detector.config);
    const small = await resizeImage(detector.model.gpu, bytes, detector.config);
    pictures.push({
      path: image.path,
      defect: image.defect,
      label: image.label,
      score,
      verdict,
      map,
      mask,
      image: small,
    });
    onImage?.(i + 1, test.length);
  }
  return { metrics: metricsOf(pictures, detector.config), msPerImage: median(times), pictures, missingMasks };
}

/** The picture's mask at the model's size; undefined where a defective picture has none. */
async function maskOf(
  dataset: Dataset,
  { label, mask }: TestImage,
  image: { height: number; width: number },
  size: { height: number; width: number },
): Promise<Uint8Array | undefined> {
  if (label === 0) return new Uint8Array(size.height * size.width);
  return mask === undefined ? undefined : loadMask(dataset, mask, image, size);
}

function metricsOf(
  pictures: readonly ReportPicture[],
  { height, width }: { height: number; width: number },
): Evaluation {
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

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

import { join } from 'node:path';
import { PyramidFlowError } from '../core/errors';
import { heatImage, overlay } from '../image/heat-map';
import { formatSize } from '../image/size';
import type { Detector } from '../inspection/detector';
import type { Verdict } from '../inspection/gpu-detector';
import { type ReadOptions, readImage, writePng } from './files/image-file';
import type { InputFile } from './files/input-files';
import { ResultLog } from './files/result-log';

/** What was found in one image. Files are relative to the output folder, times are in ms. */
export interface DetectionRow {
  readonly path: string;
  readonly score?: number;
  readonly verdict?: Verdict;
  readonly heatMap?: string;
  readonly overlay?: string;
  readonly decodeMs?: number;
  readonly uploadMs?: number;
  readonly networkMs?: number;
  readonly readMs?: number;
  /** why the image could not be read or judged, or its results not be written; it then has no verdict */
  readonly error?: string;
}

const COLUMNS = [
  'path',
  'score',
  'verdict',
  'heatMap',
  'overlay',
  'decodeMs',
  'uploadMs',
  'networkMs',
  'readMs',
  'error',
] as const;

export interface DetectOptions extends ReadOptions {
  /** stops after the image under way */
  readonly signal?: AbortSignal;
  /** after every image, once its row is written */
  onProgress?(done: number, of: number): void;
}

export interface Detections {
  /** of the images that were inspected, in order; the result files hold them as well */
  readonly rows: readonly DetectionRow[];
  /** why the other images were not inspected */
  readonly ended?: 'stopped' | PyramidFlowError;
}

/**
 * Inspects images one by one. Writes for each a heat map at the size of the model and an overlay at the size of the image,
 * all on one colour scale from 0 to `scale`, and then its row to results.csv and results.jsonl. An image that fails
 * becomes a row with an error. A lost GPU device or a full disk ends the run, and the rows so far are returned. Throws
 * DataError where the results cannot be started.
 */
export async function detectFiles(
  detector: Detector,
  inputs: readonly InputFile[],
  out: string,
  scale: number,
  { signal, onProgress, maxPixels }: DetectOptions = {},
): Promise<Detections> {
  const { threshold, category, config } = detector;
  const log = await ResultLog.start(out, COLUMNS, { category, size: formatSize(config), threshold, scale: [0, scale] });
  const rows: DetectionRow[] = [];
  try {
    try {
      await detector.compile();
      for (const input of inputs) {
        if (signal?.aborted) break;
        const row = await detectFile(detector, input, out, scale, { maxPixels });
        await log.add(row);
        rows.push(row);
        onProgress?.(rows.length, inputs.length);
      }
    } finally {
      await log.close();
    }
  } catch (error) {
    if (error instanceof PyramidFlowError) return { rows, ended: error };
    throw error;
  }
  return rows.length < inputs.length ? { rows, ended: 'stopped' } : { rows };
}

async function detectFile(
  detector: Detector,
  { path, name }: InputFile,
  out: string,
  scale: number,
  options: ReadOptions,
): Promise<DetectionRow> {
  let judged: Partial<DetectionRow> = {};
  try {
    const start = performance.now();
    const image = await readImage(path, options);
    const decode = performance.now() - start;
    const { map: data, score, verdict, timings } = await detector.detect(image, { decode });
    const [decodeMs, uploadMs, networkMs, readMs] = [decode, timings.upload, timings.network, timings.read].map(tenths);
    const times = { decodeMs, uploadMs, networkMs, readMs };
    judged = { score, ...times };
    const map = { data, height: detector.config.height, width: detector.config.width };
    const files = { heatMap: `${name}.heat.png`, overlay: `${name}.overlay.png` };
    await writePng(join(out, files.heatMap), heatImage(map, scale));
    await writePng(join(out, files.overlay), overlay(image, map, scale, detector.threshold, image.data));
    return { path, score, verdict, ...files, ...times };
  } catch (error) {
    // Without the device no other image can be judged either.
    if (!(error instanceof PyramidFlowError) || error.code === 'DeviceError') throw error;
    return { path, ...judged, error: error.problem };
  }
}

const tenths = (ms: number): number => Math.round(10 * ms) / 10;

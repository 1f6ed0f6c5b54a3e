import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteImage } from '../data/augment';
import { toCsv } from '../data/csv';
import { heatImage, overlay, resizeMap } from '../data/heat-map';
import { PyramidFlowError } from '../errors';
import type { Detector } from '../model/detector';
import { resizedInput } from '../model/image-input';
import { writeAtomic } from './atomic-file';
import { readImage, writePng } from './image-file';
import { formatSize } from '../train/image-size';
import type { InputFile } from './input-files';

/** What was found on one picture. Files are relative to the output folder, times are in ms. */
export interface DetectionRow {
  readonly path: string;
  readonly score?: number;
  readonly verdict?: 'good' | 'defective';
  readonly heatMap?: string;
  readonly overlay?: string;
  readonly decodeMs?: number;
  readonly resizeMs?: number;
  readonly runMs?: number;
  /** why the picture could not be read; then there is nothing else */
  readonly error?: string;
}

const COLUMNS = ['path', 'score', 'verdict', 'heatMap', 'overlay', 'decodeMs', 'resizeMs', 'runMs', 'error'] as const;

/**
 * Looks at pictures one by one. Writes for each a heat map, as large as the model sees it, and an overlay on the
 * picture itself, all on one colour scale from 0 to `scale`; then results.csv and results.json, which name the scale. A
 * picture that cannot be read becomes a row with an error. Throws DataError where a result cannot be written.
 */
export async function detectFiles(
  detector: Detector,
  inputs: readonly InputFile[],
  out: string,
  scale: number,
  onRow?: (row: DetectionRow, done: number, of: number) => void,
): Promise<DetectionRow[]> {
  await mkdir(out, { recursive: true });
  await warmUp(detector);
  const rows: DetectionRow[] = [];
  for (const input of inputs) {
    rows.push(await detectFile(detector, input, out, scale));
    onRow?.(rows.at(-1)!, rows.length, inputs.length);
  }
  const { threshold, category, config } = detector;
  const header = { category, size: formatSize(config), threshold, scale: [0, scale] };
  await writeAtomic(join(out, 'results.json'), `${JSON.stringify({ ...header, images: rows }, undefined, 2)}\n`);
  await writeAtomic(join(out, 'results.csv'), toCsv(COLUMNS, rows));
  return rows;
}

/** Compiles the kernels, so that the times of the first picture are like the others'. */
async function warmUp(detector: Detector): Promise<void> {
  const [height, width] = [detector.config.height + 1, detector.config.width + 1];
  await detector.detect({ data: new Uint8Array(3 * height * width), height, width, channels: 3 });
}

async function detectFile(
  detector: Detector,
  { path, name }: InputFile,
  out: string,
  scale: number,
): Promise<DetectionRow> {
  const start = performance.now();
  let image: ByteImage;
  try {
    image = await readImage(path);
  } catch (error) {
    if (error instanceof PyramidFlowError) return { path, error: error.problem };
    throw error;
  }
  const decoded = performance.now();
  const { gpu } = detector.model;
  const { height, width } = detector.config;
  const input = resizedInput(gpu, image, height, width, detector.normalization);
  await gpu.finish();
  const resized = performance.now();
  const maps = detector.maps(input);
  const map = { data: await maps.read(), height, width };
  const finished = performance.now();
  input.free();
  maps.free();
  gpu.trim();
  const score = map.data.reduce((highest, value) => Math.max(highest, value));
  const files = { heatMap: `${name}.heat.png`, overlay: `${name}.overlay.png` };
  await writePng(join(out, files.heatMap), heatImage(map, scale));
  const large = resizeMap(map, image.height, image.width);
  await writePng(join(out, files.overlay), overlay(image, large, scale, detector.threshold));
  const [decodeMs, resizeMs, runMs] = [decoded - start, resized - decoded, finished - resized].map(tenths);
  return { path, score, verdict: detector.verdict(score), ...files, decodeMs, resizeMs, runMs };
}

const tenths = (ms: number): number => Math.round(10 * ms) / 10;

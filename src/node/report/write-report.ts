import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteImage } from '../../image/augment';
import { heatImage, overlay } from '../../image/heat-map';
import { writeAtomic } from '../files/atomic-file';
import { writePng } from '../files/image-file';
import { mapParallel } from '../parallel';
import { type PictureEntry, type ReportSummary, reportPage } from './page';

/** One test picture at the model's size, with its map. */
export interface ReportPicture extends Omit<PictureEntry, 'files'> {
  readonly image: ByteImage;
  readonly map: Float32Array;
  readonly mask?: Uint8Array;
}

const ENCODES = 4;

/**
 * Writes a report folder: index.html and the pictures it shows, worst judged first. Returns the page's path. Throws
 * DataError.
 */
export async function writeReport(
  folder: string,
  summary: ReportSummary,
  pictures: readonly ReportPicture[],
): Promise<string> {
  const sorted = [...pictures].sort((a, b) => fault(b, summary.threshold) - fault(a, summary.threshold));
  const entries = await mapParallel(sorted, ENCODES, (picture) => writePicture(folder, summary, picture));
  await mkdir(folder, { recursive: true });
  const page = join(folder, 'index.html');
  await writeAtomic(page, reportPage(summary, entries));
  return page;
}

/** How far a score lies on the wrong side of the threshold: positive for a wrong verdict. */
function fault({ label, score }: ReportPicture, threshold = 0): number {
  return label ? threshold - score : score - threshold;
}

async function writePicture(
  folder: string,
  { config, scale, threshold }: ReportSummary,
  picture: ReportPicture,
): Promise<PictureEntry> {
  const { path, defect, label, score, verdict, image, mask } = picture;
  const map = { data: picture.map, height: config.height, width: config.width };
  const views: Record<string, ByteImage | undefined> = {
    input: image,
    heat: heatImage(map, scale),
    overlay: overlay(image, map, scale, threshold),
    mask:
      label === 0
        ? undefined
        : mask && { data: mask.map((bit) => 255 * bit), height: config.height, width: config.width, channels: 1 },
  };
  const files: Record<string, string> = {};
  for (const [kind, pixels] of Object.entries(views)) {
    if (!pixels) continue;
    files[kind] = `images/${path}.${kind}.png`;
    await writePng(join(folder, files[kind]), pixels);
  }
  return { path, defect, label, score, verdict, files: files as unknown as PictureEntry['files'] };
}

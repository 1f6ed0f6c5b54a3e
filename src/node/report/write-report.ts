import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidFlowError } from '../../core/errors';
import type { ByteImage } from '../../image/augment';
import { heatImage, overlay } from '../../image/heat-map';
import type { EvaluatedImage } from '../evaluate-folder';
import { writeAtomic } from '../files/atomic-file';
import { writePng } from '../files/image-file';
import { type ImageEntry, type ReportSummary, reportPage } from './page';

/** What all images of a report have in common. */
export type ReportStyle = Pick<ReportSummary, 'config' | 'scale' | 'threshold'>;

/** Writes a report folder: the views of every test image while they are evaluated, and in the end the page that shows them. */
export class ReportWriter {
  private readonly entries: ImageEntry[] = [];
  private failure: PyramidFlowError | undefined;

  constructor(
    private readonly folder: string,
    private readonly style: ReportStyle,
  ) {}

  /** Writes the views of an image. Where that fails, the report takes no more images, and `finish` throws the error. */
  async add({ path, defect, label, score, verdict, ...pixels }: EvaluatedImage): Promise<void> {
    if (this.failure) return;
    try {
      const views = Object.entries(this.views(label, pixels));
      const files = views.map(([kind]) => [kind, `images/${path}.${kind}.png`] as const);
      await Promise.all(views.map(([, view], i) => writePng(join(this.folder, files[i]![1]), view)));
      this.entries.push({ path, defect, label, score, verdict, files: Object.fromEntries(files) as ImageEntry['files'] });
    } catch (error) {
      if (!(error instanceof PyramidFlowError)) throw error;
      this.failure = error;
    }
  }

  /** Writes index.html, with the worst mistakes first, and returns its path. Throws DataError. */
  async finish(summary: Omit<ReportSummary, keyof ReportStyle>): Promise<string> {
    if (this.failure) throw this.failure;
    const { folder, style } = this;
    const sorted = [...this.entries].sort((a, b) => fault(b, style.threshold) - fault(a, style.threshold));
    await mkdir(folder, { recursive: true });
    const page = join(folder, 'index.html');
    await writeAtomic(page, reportPage({ ...style, ...summary }, sorted));
    return page;
  }

  private views(
    label: 0 | 1,
    { image, map: data, mask }: Pick<EvaluatedImage, 'image' | 'map' | 'mask'>,
  ): Readonly<Record<string, ByteImage>> {
    const { scale, threshold, config } = this.style;
    const { height, width } = config;
    const map = { data, height, width };
    const views = { input: image, heat: heatImage(map, scale), overlay: overlay(image, map, scale, threshold) };
    if (label === 0 || !mask) return views;
    return { ...views, mask: { data: mask.map((bit) => 255 * bit), height, width, channels: 1 } };
  }
}

/** How far a score lies on the wrong side of the threshold: positive for a wrong verdict. */
function fault({ label, score }: ImageEntry, threshold = 0): number {
  return label ? threshold - score : score - threshold;
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidFlowError } from '../../core/errors';
import { type DatasetLayout, readLayout } from '../../dataset/layouts';
import type { Runtime } from '../../gpu/runtime';
import type { ByteImage } from '../../image/augment';
import { resizedBytes } from '../../image/model-input';
import { formatSize, type Size } from '../../image/size';
import type { TrainingImages } from '../../training/fit';
import { mapParallel } from '../parallel';
import { type ReadOptions, readImage, readMask } from './image-file';
import { resizeMask } from './mask';

/** Pictures that are decoded at a time, on threads of their own. */
export const DECODES = 4;

/** The pictures of one category, and how they are read: their paths are relative to `folder`. */
export interface Dataset extends DatasetLayout, ReadOptions {
  readonly folder: string;
}

/**
 * Lists and sorts the pictures of a data set. Throws DataError where the folder, the category or good pictures are
 * missing.
 */
export async function openDataset(folder: string, category?: string, options: ReadOptions = {}): Promise<Dataset> {
  return { folder, maxPixels: options.maxPixels, ...readLayout(await listFiles(folder), category) };
}

/**
 * All files and folders under a folder, relative to it, with '/' between, in name order. Throws DataError where there
 * is no such folder.
 */
export async function listFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder, { recursive: true });
    return names.map((name) => name.replaceAll('\\', '/')).sort();
  } catch (cause) {
    throw new PyramidFlowError('DataError', `${folder} is no folder that can be read`, 'name the folder of a data set', {
      cause,
    });
  }
}

/** Decodes the training pictures and resizes them on the GPU, once: they are kept as bytes. Throws DataError. */
export async function loadTrainingImages(
  gpu: Runtime,
  { folder, train, maxPixels }: Dataset,
  size: Size,
): Promise<TrainingImages> {
  const images = await mapParallel(train, DECODES, async (path) =>
    resizeImage(gpu, await readImage(join(folder, path), { maxPixels }), size),
  );
  return { count: images.length, image: (index) => images[index] };
}

/** RGB bytes at the given size, by the kernel that detection uses as well. */
export async function resizeImage(gpu: Runtime, image: ByteImage, { height, width }: Size): Promise<ByteImage> {
  const resized = resizedBytes(gpu, image, height, width);
  const data = Uint8Array.from(await resized.read());
  resized.free();
  gpu.trim();
  return { data, height, width, channels: 3 };
}

/** A mask at the size of the map; it must be as large as its picture. Throws DataError. */
export async function loadMask(dataset: Dataset, path: string, image: Size, size: Size): Promise<Uint8Array> {
  const { folder, maxPixels } = dataset;
  const mask = await readMask(join(folder, path), { maxPixels });
  if (mask.height === image.height && mask.width === image.width) return resizeMask(mask, size).data;
  throw new PyramidFlowError(
    'DataError',
    `the mask ${join(folder, path)} is ${formatSize(mask)} and its picture ${formatSize(image)}`,
    'give a mask of the size of its picture',
  );
}

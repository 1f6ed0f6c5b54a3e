import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidFlowError } from '../../core/errors';
import { type DatasetLayout, readLayout } from '../../dataset/layouts';
import type { Runtime } from '../../gpu/runtime';
import type { ByteImage } from '../../image/augment';
import { resizedBytes } from '../../image/model-input';
import { formatSize, type Size } from '../../image/size';
import type { Tensor } from '../../tensor/tensor';
import type { TrainingImages } from '../../training/fit';
import { mapParallel } from '../parallel';
import { type ReadOptions, readImage, readMask } from './image-file';
import { resizeMask } from './mask';

/** Images that are decoded at a time, on threads of their own. */
const DECODES = 4;

/** The images of one category, and how they are read: their paths are relative to `folder`. */
export interface Dataset extends DatasetLayout, ReadOptions {
  readonly folder: string;
}

/**
 * Lists the images of a data set and sorts them into training and test images.
 *
 * @param folder in the layout of MVTec AD or BTAD, with a subfolder `good`, or with images alone
 * @param category its subfolder; default the folder itself
 * @throws DataError where the folder, the category or its training images are missing
 * @example
 * const { train, test } = await openDataset('mvtec', 'bottle');
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
    const problem = `${folder} is not a folder that can be read`;
    throw new PyramidFlowError('DataError', problem, 'name the folder of a data set', { cause });
  }
}

/**
 * Decodes the training images and resizes them on the GPU, once: they are kept as bytes. `onImage` is called after each.
 * Throws DataError, or the signal's reason.
 */
export async function loadTrainingImages(
  gpu: Runtime,
  { folder, train, maxPixels }: Dataset,
  { height, width }: Size,
  onImage?: (done: number, of: number) => void,
  signal?: AbortSignal,
): Promise<TrainingImages> {
  let done = 0;
  const load = async (path: string) => {
    const resized = resizedBytes(gpu, await readImage(join(folder, path), { maxPixels }), height, width);
    const image = await readBytes(resized);
    resized.free();
    gpu.trim();
    onImage?.(++done, train.length);
    return image;
  };
  const images = await mapParallel(train, DECODES, load, signal);
  return { count: images.length, image: (index) => images[index]! };
}

/** Reads an RGB image, (1, height, width, 3), back from the GPU. */
export async function readBytes(bytes: Tensor<'u32'>): Promise<ByteImage> {
  const [, height, width, channels] = bytes.shape;
  return { data: Uint8Array.from(await bytes.read()), height: height!, width: width!, channels: channels! };
}

/** Reads a mask, which must be as large as its image, at the size of the map. Throws DataError. */
export async function loadMask(dataset: Dataset, path: string, image: Size, size: Size): Promise<Uint8Array> {
  const { folder, maxPixels } = dataset;
  const mask = await readMask(join(folder, path), { maxPixels });
  if (mask.height === image.height && mask.width === image.width) return resizeMask(mask, size).data;
  throw new PyramidFlowError(
    'DataError',
    `the mask ${join(folder, path)} is ${formatSize(mask)}, but its image is ${formatSize(image)}`,
    'give a mask of the size of its image',
  );
}

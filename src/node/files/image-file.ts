import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import sharp from 'sharp';
import { PyramidFlowError } from '../../core/errors';
import type { ByteImage } from '../../image/augment';
import { bmpSize, decodeBmp, isBmp } from '../../image/bmp';
import { formatSize, type Size } from '../../image/size';
import { notWritable, replaceFile } from './atomic-file';
import type { Mask } from './mask';
import { readRegularFile, readStart } from './regular-file';

/** The most pixels of an image that is read by default; decoded, each takes three bytes. */
export const MAX_PIXELS = 150_000_000;

/** What is read of images. */
export interface ReadOptions {
  /** an image of more pixels is refused by its header, before it is decoded; default MAX_PIXELS, 150 million */
  readonly maxPixels?: number;
}

/** The formats that sharp decodes here, of the many it can; BMP is decoded by decodeBmp. */
const FORMATS: readonly string[] = ['jpeg', 'png', 'tiff', 'webp'];
/** Integer samples; floating-point TIFF has no standard range that could become bytes. */
const DEPTHS = ['uchar', 'ushort'];
const MASK_THRESHOLD = 127;
/** Longer than any header of a BMP. */
const HEADER_BYTES = 512;
/** The most characters of a decoder's message: for a damaged file it may hold many lines of warnings. */
const MOST_CHARACTERS = 300;

/**
 * Decodes a JPEG, PNG, BMP, TIFF or WebP file to RGB bytes, upright as its EXIF orientation says. As with Pillow's
 * convert('RGB'), grey becomes three equal channels, palettes are applied, alpha is dropped and a colour profile is not
 * applied (CMYK excepted); of 16 bits the upper 8 are kept; of several pages the first is read.
 *
 * @throws DataError with the name of the file where it is missing, not a regular file, damaged, of another format, or of
 *   more pixels than `maxPixels` (as a BMP: than 16383 x 16383)
 * @example
 * const { score } = await detector.detect(await readImage('part.png'));
 */
export async function readImage(path: string, { maxPixels = MAX_PIXELS }: ReadOptions = {}): Promise<ByteImage> {
  const start = await readStart(path, HEADER_BYTES);
  const bmp = isBmp(start);
  // Given a name, libvips reads the file in parts, never all of it; but a name that ends in ] it takes for one with options.
  const source = path.endsWith(']') ? await readRegularFile(path) : path;
  const size = await named(path, () => (bmp ? bmpSize(start) : sizeBySharp(source)));
  if (size.height * size.width > maxPixels) {
    throw new PyramidFlowError(
      'DataError',
      `${path} is too large: it has ${formatSize(size)} pixels, and ${maxPixels} are allowed`,
      'make it smaller or, if there is enough memory, allow more',
      { details: { settings: ['maxPixels'] } },
    );
  }
  if (!bmp) return named(path, () => decodeBySharp(source, maxPixels));
  const bytes = await readRegularFile(path);
  return named(path, () => decodeBmp(bytes));
}

/** Reads a mask in any of these formats: defective where the brightest channel is above 127. Throws DataError. */
export async function readMask(path: string, options?: ReadOptions): Promise<Mask> {
  const { data, height, width } = await readImage(path, options);
  const mask = new Uint8Array(height * width);
  for (let i = 0; i < mask.length; i++) {
    if (Math.max(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!) > MASK_THRESHOLD) mask[i] = 1;
  }
  return { data: mask, height, width };
}

/**
 * Writes an image as PNG, whole or not at all, and creates its folder if it is missing.
 *
 * @param image of one channel (grey) or three (RGB)
 * @throws DataError where it cannot be written
 */
export async function writePng(path: string, { data, height, width, channels }: ByteImage): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const png = sharp(data, { raw: { width, height, channels: channels as 1 | 3 }, limitInputPixels: false }).png();
    await replaceFile(path, (temporary) =>
      png.toFile(temporary).catch((cause) => {
        throw new Error(reasonOf(cause).replace(`${temporary}: `, ''), { cause });
      }),
    );
  } catch (cause) {
    throw cause instanceof PyramidFlowError ? cause : notWritable(path, cause);
  }
}

/** The size by the header alone; of several pages, that of the first. */
async function sizeBySharp(source: string | Uint8Array): Promise<Size> {
  const { format, height, width } = await sharp(source, { limitInputPixels: false }).metadata();
  if (!FORMATS.includes(format)) throw new Error(`its format is ${format}`);
  return { height, width };
}

async function decodeBySharp(source: string | Uint8Array, limitInputPixels: number): Promise<ByteImage> {
  const { space, depth } = await sharp(source, { limitInputPixels }).metadata();
  if (!DEPTHS.includes(depth)) throw new Error(`its samples have the type ${depth}`);
  const { data, info } = await sharp(source, { failOn: 'error', ignoreIcc: space !== 'cmyk', limitInputPixels })
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  // No copy: it may be hundreds of megabytes.
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { data: info.channels === 1 ? greyToRgb(pixels) : pixels, height: info.height, width: info.width, channels: 3 };
}

function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * grey.length);
  for (let i = 0; i < grey.length; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey[i]!;
  return rgb;
}

/** The result of a decoder, whose errors get the name of the file. */
async function named<T>(path: string, decode: () => T | Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (cause) {
    const remedy = 'give an undamaged png, jpg, bmp, tif or webp file';
    throw new PyramidFlowError('DataError', `${path} cannot be read: ${reasonOf(cause)}`, remedy, { cause });
  }
}

/** A decoder's message, on one line and without its own advice. */
function reasonOf(error: unknown): string {
  if (error instanceof PyramidFlowError) return error.problem;
  return (error as Error).message
    .trim()
    .replace(/\s*\n\s*/g, ', ')
    .replace(/^Input (buffer|file)/i, 'the file')
    .slice(0, MOST_CHARACTERS);
}

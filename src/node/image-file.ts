import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import sharp from 'sharp';
import type { ByteImage } from '../data/augment';
import { decodeBmp, isBmp } from '../data/bmp';
import { PyramidFlowError } from '../errors';
import type { Mask } from './mask';

/** Integer samples; a floating-point TIFF has no agreed range that could become bytes. */
const DEPTHS = ['uchar', 'ushort'];
const MASK_THRESHOLD = 127;

/**
 * Decodes a JPEG, PNG, BMP, TIFF or WebP file to RGB bytes, upright as its EXIF orientation says. As with Pillow's
 * convert('RGB'), grey becomes three equal channels, palettes are applied, alpha is dropped and a colour profile is not
 * applied (CMYK excepted); of 16 bits the upper 8 are kept; of several pages the first is read.
 *
 * @throws DataError with the file's name where it is missing, damaged, of another format or beyond 16383 x 16383 pixels
 */
export async function readImage(path: string): Promise<ByteImage> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, READ_FAILURES[cause.code ?? ''] ?? cause.message, cause);
  });
  try {
    return isBmp(bytes) ? decodeBmp(bytes) : await decodeBySharp(bytes);
  } catch (cause) {
    throw unreadable(path, reasonOf(cause), cause);
  }
}

/** Reads a mask in any of these formats: defective where the brightest channel is above 127. Throws DataError. */
export async function readMask(path: string): Promise<Mask> {
  const { data, height, width } = await readImage(path);
  const mask = new Uint8Array(height * width);
  for (let i = 0; i < mask.length; i++) {
    if (Math.max(data[3 * i], data[3 * i + 1], data[3 * i + 2]) > MASK_THRESHOLD) mask[i] = 1;
  }
  return { data: mask, height, width };
}

/** Writes a grey or RGB image as PNG, making its folder where there is none. Throws DataError. */
export async function writePng(path: string, { data, height, width, channels }: ByteImage): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await sharp(data, { raw: { width, height, channels: channels as 1 | 3 } })
      .png()
      .toFile(path);
  } catch (cause) {
    throw new PyramidFlowError('DataError', `${path} cannot be written: ${reasonOf(cause)}`, 'name another place', {
      cause,
    });
  }
}

async function decodeBySharp(bytes: Uint8Array): Promise<ByteImage> {
  const { space, depth } = await sharp(bytes).metadata();
  if (!DEPTHS.includes(depth)) throw new Error(`its samples are of the type ${depth}`);
  const { data, info } = await sharp(bytes, { failOn: 'error', ignoreIcc: space !== 'cmyk' })
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const rgb = info.channels === 1 ? greyToRgb(data) : new Uint8Array(data);
  return { data: rgb, height: info.height, width: info.width, channels: 3 };
}

function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * grey.length);
  grey.forEach((value, i) => rgb.fill(value, 3 * i, 3 * i + 3));
  return rgb;
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

/** What a decoder said, on one line and without its own advice. */
function reasonOf(error: unknown): string {
  if (error instanceof PyramidFlowError) return error.problem;
  return (error as Error).message
    .trim()
    .replace(/\s*\n\s*/g, ', ')
    .replace(/^Input buffer/, 'the file');
}

function unreadable(path: string, reason: string, cause: unknown): PyramidFlowError {
  const remedy = 'give an undamaged png, jpg, bmp, tif or webp file';
  return new PyramidFlowError('DataError', `${path} cannot be read: ${reason}`, remedy, { cause });
}

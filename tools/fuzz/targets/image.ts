import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteImage } from '../../../src/image/augment';
import { isBmp } from '../../../src/image/bmp';
import { readImage } from '../../../src/node/files/image-file';
import { type Bench, target } from '../target';
import { checkBmp } from './bmp';
import { damagedImage, imageSeeds, type Seed } from './image-seeds';

const MOST_PIXELS = 16383 ** 2;

/** How files of the formats begin that are read. */
const SIGNATURES = [/^\x89PNG\r\n\x1a\n/, /^\xff\xd8\xff/, /^BM/, /^RIFF....WEBP/s, /^II[*+]\0/, /^MM\0[*+]/];

/** Writes a file and reads it as an image. */
async function readFrom(folder: string, bytes: Uint8Array): Promise<ByteImage> {
  const path = join(folder, 'image.png'); // what a file is called says nothing
  await writeFile(path, bytes);
  return readImage(path);
}

/**
 * An image is as large as its bytes, of a format that is read, and all there: what a cut-off file gives, or a PNG with one
 * bit turned over, which its checksums show, are the pixels of the whole file or an error.
 */
async function check(image: ByteImage, bytes: Uint8Array, { folder }: Bench): Promise<void> {
  const { data, height, width, channels } = image;
  for (const side of [height, width]) assert.ok(Number.isInteger(side) && side >= 1, `a side of ${side}`);
  assert.ok(height * width <= MOST_PIXELS, `${height} x ${width} pixels`);
  assert.equal(channels, 3);
  assert.equal(data.length, 3 * height * width, 'the bytes do not fill the image');
  const beginning = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  assert.ok(
    SIGNATURES.some((signature) => signature.test(beginning)),
    `a format that is not read: ${JSON.stringify(beginning)}`,
  );
  if (isBmp(bytes)) return checkBmp(image, bytes);
  for (const seed of await imageSeeds()) {
    const kind = damageOf(seed, bytes);
    if (!kind) continue;
    const whole = await readFrom(folder, seed.bytes);
    assert.ok(Buffer.compare(whole.data, data) === 0, `${seed.name}, ${kind}: pixels that the whole file does not have`);
  }
}

function damageOf({ name, bytes: whole }: Seed, bytes: Uint8Array): string | undefined {
  if (bytes.length < whole.length && Buffer.compare(whole.subarray(0, bytes.length), bytes) === 0) return 'cut off';
  if (!name.endsWith('png') || bytes.length !== whole.length) return undefined;
  return whole.reduce((count, byte, i) => count + (byte === bytes[i] ? 0 : 1), 0) === 1 ? 'one byte changed' : undefined;
}

export const image = target({
  name: 'image',
  refusals: ['DataError'],
  generate: damagedImage,
  read: (bytes, { folder }) => readFrom(folder, bytes),
  check,
});

import sharp, { type Sharp } from 'sharp';
import type { Random } from '../../../src/core/random';
import { mutateBytes, pick } from '../mutate';
import { validBmp } from './bmp';

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const SIDE = 12;

/** Some pattern that compresses neither to nothing nor not at all. */
const pixels = (channels: number) =>
  Uint8Array.from({ length: SIDE * SIDE * channels }, (_, i) => (i % 7) * 30 + ((i * i) % 45));

const raw = (channels: 1 | 3 | 4): Sharp => sharp(pixels(channels), { raw: { width: SIDE, height: SIDE, channels } });

/** Small images of every kind that is read, and some of kinds that are not. */
async function makeSeeds(): Promise<readonly Seed[]> {
  const [grey, rgb, rgba] = [raw(1), raw(3), raw(4)];
  const made: readonly (readonly [name: string, image: Sharp])[] = [
    ['png', rgb.clone().png()],
    ['grey.png', grey.clone().toColourspace('b-w').png()],
    ['alpha.png', rgba.clone().png()],
    ['palette.png', rgb.clone().png({ palette: true, colours: 16 })],
    ['interlaced.png', rgb.clone().png({ progressive: true })],
    ['16.png', rgb.clone().toColourspace('rgb16').png()],
    ['jpg', rgb.clone().jpeg()],
    ['progressive.jpg', rgb.clone().jpeg({ progressive: true })],
    ['grey.jpg', grey.clone().toColourspace('b-w').jpeg()],
    ['cmyk.jpg', rgb.clone().toColourspace('cmyk').jpeg()],
    ['exif.jpg', rgb.clone().withMetadata({ orientation: 6 }).jpeg()],
    ['webp', rgb.clone().webp()],
    ['lossless.webp', rgba.clone().webp({ lossless: true })],
    ['tif', rgb.clone().tiff({ compression: 'none' })],
    ['lzw.tif', rgb.clone().tiff({ compression: 'lzw' })],
    ['tiled.tif', rgb.clone().tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 })],
    ['jpeg.tif', rgb.clone().tiff({ compression: 'jpeg' })],
    ['gif', rgb.clone().gif()],
  ];
  const seeds = await Promise.all(
    made.map(async ([name, image]) => ({ name, bytes: new Uint8Array(await image.toBuffer()) })),
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}"><rect width="5" height="5"/></svg>`;
  return [...seeds, { name: 'svg', bytes: new TextEncoder().encode(svg) }];
}

let seeds: Promise<readonly Seed[]> | undefined;
export const imageSeeds = (): Promise<readonly Seed[]> => (seeds ??= makeSeeds());

/** An image, as it is or damaged. */
export async function damagedImage(random: Random): Promise<Uint8Array> {
  const all = await imageSeeds();
  const { bytes } = random.integer(12) === 0 ? { bytes: validBmp(random) } : pick(random, all);
  switch (random.integer(5)) {
    case 0:
      return bytes.slice(0, random.integer(bytes.length + 1));
    case 1: {
      const copy = bytes.slice();
      copy[random.integer(copy.length)] ^= 1 << random.integer(8);
      return copy;
    }
    default:
      return mutateBytes(
        bytes,
        random,
        all.map((seed) => seed.bytes),
      );
  }
}

import { PyramidFlowError } from '../core/errors';
import type { Random } from '../core/random';
import type { Augmentation } from '../pyramidflow/settings';

/** Bytes row by row, the channels of a pixel side by side (HWC). */
export interface ByteImage {
  data: Uint8Array;
  height: number;
  width: number;
  channels: number;
}

/** Mirrors left and right. */
export function flipHorizontal(image: ByteImage): ByteImage {
  return rearrange(image, image.height, image.width, (y, x) => [y, image.width - 1 - x]);
}

/** Turns counter-clockwise by `turns` quarters, any integer; an odd number of them exchanges height and width. */
export function rotateQuarters(image: ByteImage, turns: number): ByteImage {
  const { height, width } = image;
  switch (((turns % 4) + 4) % 4) {
    case 1:
      return rearrange(image, width, height, (y, x) => [x, width - 1 - y]);
    case 2:
      return rearrange(image, height, width, (y, x) => [height - 1 - y, width - 1 - x]);
    case 3:
      return rearrange(image, width, height, (y, x) => [height - 1 - x, y]);
    default:
      return rearrange(image, height, width, (y, x) => [y, x]);
  }
}

/**
 * Augments a training image; its size stays. 'dihedral' draws one of the symmetries of the image's shape, each equally
 * likely: 8 for a square, and for other shapes the 4 without quarter turns. 'none' returns the image itself.
 */
export function augmentImage(image: ByteImage, kind: Augmentation, random: Random): ByteImage {
  if (kind === 'none') return image;
  const flipped = random.integer(2) === 1 ? flipHorizontal(image) : image;
  return rotateQuarters(flipped, image.height === image.width ? random.integer(4) : 2 * random.integer(2));
}

/** Builds an image of the given size from the source pixel (row, column) that `from` names for each of its own. */
function rearrange(
  image: ByteImage,
  height: number,
  width: number,
  from: (y: number, x: number) => [number, number],
): ByteImage {
  const { channels } = image;
  if (image.data.length !== image.height * image.width * channels) {
    throw new PyramidFlowError(
      'ShapeError',
      `an image of ${image.data.length} bytes is not ${image.height} x ${image.width} x ${channels}`,
      'pass one byte a channel',
    );
  }
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceY, sourceX] = from(y, x);
      const source = (sourceY * image.width + sourceX) * channels;
      const target = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) data[target + c] = image.data[source + c]!;
    }
  }
  return { data, height, width, channels };
}

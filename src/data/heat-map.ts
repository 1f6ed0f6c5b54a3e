import type { ByteImage } from './augment';
import { colorize } from './colormap';

/** One value a pixel, row by row. */
export interface ValueMap {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Largest share of the heat colour in an overlay, and the part of the scale below which it has none. */
export const OPACITY = 0.7;
export const CLEAR = 0.2;
const CONTOUR = [255, 255, 255] as const;

/** The scale for a model's maps: its threshold lies in the middle, so that what is brighter than half is too much. */
export const scaleFor = (threshold: number): number => 2 * threshold;

/** A map as colours, on a scale from 0 to `max`. */
export function heatImage({ data, height, width }: ValueMap, max: number): ByteImage {
  return { data: colorize(data, max), height, width, channels: 3 };
}

/**
 * A picture with a map of its size over it: the heat colour covers the more, the higher the value is on the scale from
 * 0 to `max`. Where a threshold is given, a white line surrounds what exceeds it.
 */
export function overlay(image: ByteImage, map: ValueMap, max: number, threshold = Infinity): ByteImage {
  const heat = colorize(map.data, max);
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < map.data.length; i++) {
    const share = OPACITY * Math.min(1, Math.max(0, (map.data[i] / max - CLEAR) / (1 - CLEAR)));
    const outlined = isContour(map, i, threshold);
    for (let c = 3 * i; c < 3 * i + 3; c++) {
      data[c] = outlined ? CONTOUR[c % 3] : Math.round(image.data[c] + share * (heat[c] - image.data[c]));
    }
  }
  return { ...image, data };
}

/** Whether a pixel exceeds the threshold and one beside it does not; the picture's border is no contour. */
function isContour({ data, height, width }: ValueMap, at: number, threshold: number): boolean {
  if (!(data[at] > threshold)) return false;
  const [y, x] = [Math.floor(at / width), at % width];
  const below = (inside: boolean, other: number) => inside && !(data[other] > threshold);
  return (
    below(x > 0, at - 1) ||
    below(x < width - 1, at + 1) ||
    below(y > 0, at - width) ||
    below(y < height - 1, at + width)
  );
}

/** A map enlarged (or shrunk) bilinearly, pixel centres aligned. */
export function resizeMap(map: ValueMap, height: number, width: number): ValueMap {
  if (map.height === height && map.width === width) return map;
  const rows = interpolation(map.height, height);
  const columns = interpolation(map.width, width);
  const data = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const [top, bottom, v] = rows[y];
    for (let x = 0; x < width; x++) {
      const [left, right, u] = columns[x];
      const at = (row: number) => map.data[row * map.width + left] * (1 - u) + map.data[row * map.width + right] * u;
      data[y * width + x] = at(top) * (1 - v) + at(bottom) * v;
    }
  }
  return { data, height, width };
}

/** For every output along one axis: the two inputs around its centre, and the share of the second. */
function interpolation(inSize: number, outSize: number): [first: number, second: number, share: number][] {
  return Array.from({ length: outSize }, (_, out) => {
    const position = Math.min(inSize - 1, Math.max(0, ((out + 0.5) * inSize) / outSize - 0.5));
    const first = Math.floor(position);
    return [first, Math.min(inSize - 1, first + 1), position - first];
  });
}

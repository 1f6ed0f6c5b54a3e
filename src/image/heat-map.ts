import type { ByteImage } from './augment';
import { colorize } from './colormap';

/** One value a pixel, row by row. */
export interface ValueMap {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** The largest share of the heat colour in an overlay, and the share of the scale below which it has none. */
export const OPACITY = 0.7;
export const CLEAR = 0.2;
const CONTOUR = [255, 255, 255] as const;

/** The end of the colour scale for a model's maps: the threshold lies in the middle, so brighter than half is too much. */
export const scaleFor = (threshold: number): number => 2 * threshold;

/** A map as colours, on a scale from 0 to `max`. */
export function heatImage({ data, height, width }: ValueMap, max: number): ByteImage {
  return { data: colorize(data, max), height, width, channels: 3 };
}

/**
 * An image with a map over it. The map is enlarged to the image's size as `resizeMap` does; the higher its value on the
 * scale from 0 to `max`, the more the heat colour covers. With a threshold, a white line surrounds what exceeds it.
 * The enlarged map is never held as a whole: an image may have a hundred million pixels.
 *
 * @param data where the result goes; may be the image's own data, if that is no longer needed
 */
export function overlay(
  image: ByteImage,
  map: ValueMap,
  max: number,
  threshold = Infinity,
  data: Uint8Array = new Uint8Array(image.data.length),
): ByteImage {
  const { height, width } = image;
  const rowAt = rowsOf(map, height, width);
  let [above, row]: (Float32Array | undefined)[] = [undefined, rowAt(0)];
  for (let y = 0; y < height; y++) {
    const below = y + 1 < height ? rowAt(y + 1) : undefined;
    coverRow(data, image.data, 3 * y * width, [above, row!, below], max, threshold);
    [above, row] = [row, below];
  }
  return { ...image, data };
}

/** Values of a row, with those of the rows above and below it where there are any. */
type Rows = readonly [above: Float32Array | undefined, row: Float32Array, below: Float32Array | undefined];

function coverRow(to: Uint8Array, from: Uint8Array, start: number, rows: Rows, max: number, threshold: number): void {
  const values = rows[1];
  const heat = colorize(values, max);
  for (let x = 0; x < values.length; x++) {
    const share = OPACITY * Math.min(1, Math.max(0, (values[x]! / max - CLEAR) / (1 - CLEAR)));
    const outlined = isContour(rows, x, threshold);
    for (let c = 0; c < 3; c++) {
      const [at, own] = [start + 3 * x + c, 3 * x + c];
      to[at] = outlined ? CONTOUR[c]! : Math.round(from[at]! + share * (heat[own]! - from[at]!));
    }
  }
}

/** Whether a pixel exceeds the threshold and one beside it does not; the border of the image is not a contour. */
function isContour([above, row, below]: Rows, x: number, threshold: number): boolean {
  if (!(row[x]! > threshold)) return false;
  const within = (value: number | undefined) => value !== undefined && !(value > threshold);
  return within(row[x - 1]) || within(row[x + 1]) || within(above?.[x]) || within(below?.[x]);
}

/** A map enlarged (or shrunk) bilinearly, pixel centres aligned. */
export function resizeMap(map: ValueMap, height: number, width: number): ValueMap {
  if (map.height === height && map.width === width) return map;
  const data = new Float32Array(height * width);
  const rowAt = rowsOf(map, height, width);
  for (let y = 0; y < height; y++) data.set(rowAt(y), y * width);
  return { data, height, width };
}

/** Gives one row after another of a map at another size. */
function rowsOf(map: ValueMap, height: number, width: number): (y: number) => Float32Array {
  if (map.height === height && map.width === width) return (y) => map.data.subarray(y * width, (y + 1) * width);
  const rows = interpolation(map.height, height);
  const columns = interpolation(map.width, width);
  return (y) => {
    const [top, bottom, v] = rows[y]!;
    const [upper, lower] = [top * map.width, bottom * map.width];
    const values = new Float32Array(width);
    for (let x = 0; x < width; x++) {
      const [left, right, u] = columns[x]!;
      const at = (row: number) => map.data[row + left]! * (1 - u) + map.data[row + right]! * u;
      values[x] = at(upper) * (1 - v) + at(lower) * v;
    }
    return values;
  };
}

/** For every output along one axis: the two inputs around its centre, and the share of the second. */
function interpolation(inSize: number, outSize: number): [first: number, second: number, share: number][] {
  return Array.from({ length: outSize }, (_, out) => {
    const position = Math.min(inSize - 1, Math.max(0, ((out + 0.5) * inSize) / outSize - 0.5));
    const first = Math.floor(position);
    return [first, Math.min(inSize - 1, first + 1), position - first];
  });
}

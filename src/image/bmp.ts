import { PyramidFlowError } from '../core/errors';
import type { ByteImage } from './augment';

/** Where things lie in a BMP file, and how its pixels are coded. */
interface Header {
  readonly width: number;
  readonly height: number;
  /** rows are stored from the top; usually they are stored from the bottom */
  readonly topDown: boolean;
  readonly bits: number;
  readonly pixels: number;
  /** where the headers end, and the palette begins where there is one */
  readonly palette: number;
  readonly paletteEntry: number;
  readonly colours: number;
  /** bit masks of red, green and blue, for 16 and 32 bits a pixel */
  readonly masks: readonly number[];
}

/** The colour of the pixel in column `x` of the row that starts at byte `row`, as [red, green, blue]. */
type PixelReader = (row: number, x: number) => readonly [number, number, number];

const FILE_HEADER = 14;
const CORE_HEADER = 12;
const INFO_HEADER = 40;
const BITFIELDS = [3, 6];
const COMPRESSIONS = ['none', 'RLE8', 'RLE4', 'bit fields', 'JPEG', 'PNG', 'bit fields with alpha'];
const DEFAULT_MASKS: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x03e0, 0x001f],
  32: [0xff0000, 0x00ff00, 0x0000ff],
};
const MOST_PIXELS = 0x3fff ** 2; // sharp's limit for the other formats

/** Whether a file starts like a BMP. */
export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d;

/** The size of a BMP by its header alone. Throws DataError as decoding does. */
export function bmpSize(bytes: Uint8Array): { height: number; width: number } {
  const { height, width } = readHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return { height, width };
}

/**
 * Decodes an uncompressed Windows or OS/2 bitmap of 1, 4, 8, 16, 24 or 32 bits a pixel to RGB bytes, as Pillow does;
 * alpha is dropped. Format: Microsoft, "Bitmap Storage" (BITMAPFILEHEADER, BITMAPINFOHEADER and their successors).
 *
 * @throws DataError for run-length or otherwise compressed bitmaps and for damaged files
 */
export function decodeBmp(bytes: Uint8Array): ByteImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view);
  const { width, height, bits, pixels, topDown } = header;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (pixels + rowBytes * height > view.byteLength) {
    throw unreadable(`its ${height} rows end at byte ${pixels + rowBytes * height}, the file at ${view.byteLength}`);
  }
  const readPixel = pixelReader(view, header);
  const data = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    const row = pixels + (topDown ? y : height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      [data[at], data[at + 1], data[at + 2]] = readPixel(row, x);
    }
  }
  return { data, height, width, channels: 3 };
}

function readHeader(view: DataView): Header {
  if (view.byteLength < FILE_HEADER + CORE_HEADER) throw unreadable(`it ends after ${view.byteLength} bytes`);
  const pixels = view.getUint32(10, true);
  const headerBytes = view.getUint32(FILE_HEADER, true);
  if (headerBytes === CORE_HEADER) {
    const [width, height, bits] = [view.getUint16(18, true), view.getUint16(20, true), view.getUint16(24, true)];
    const palette = FILE_HEADER + CORE_HEADER;
    const colours = 2 ** bits;
    return checked({ width, height, topDown: false, bits, pixels, palette, paletteEntry: 3, colours, masks: [] });
  }
  if (headerBytes < INFO_HEADER || FILE_HEADER + headerBytes > view.byteLength) {
    throw unreadable(`its header of ${headerBytes} bytes is unknown or cut off`);
  }
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  const bitfields = BITFIELDS.includes(compression);
  if (compression !== 0 && !bitfields) {
    throw unreadable(`its pixels are compressed (${COMPRESSIONS[compression] ?? compression})`);
  }
  const masksEnd = 66;
  if (bitfields && masksEnd > view.byteLength) throw unreadable('its colour masks are cut off');
  if (bitfields && !(bits in DEFAULT_MASKS)) throw unreadable(`it has colour masks and ${bits} bits a pixel`);
  const rows = view.getInt32(22, true);
  return checked({
    width: view.getInt32(18, true),
    height: Math.abs(rows),
    topDown: rows < 0,
    bits,
    pixels,
    palette: Math.max(FILE_HEADER + headerBytes, bitfields ? masksEnd : 0),
    paletteEntry: 4,
    colours: view.getUint32(46, true) || 2 ** bits,
    masks: bitfields ? [54, 58, 62].map((at) => view.getUint32(at, true)) : (DEFAULT_MASKS[bits] ?? []),
  });
}

function checked(header: Header): Header {
  const { width, height, bits, pixels, palette, masks } = header;
  if (width < 1 || height < 1) throw unreadable(`its size is ${height}x${width} pixels`);
  if (width * height > MOST_PIXELS) throw unreadable(`its ${height}x${width} pixels exceed the limit of ${MOST_PIXELS}`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw unreadable(`it has ${bits} bits a pixel`);
  if (bits in DEFAULT_MASKS && masks.length === 0) throw unreadable(`it has ${bits} bits a pixel and a header of OS/2`);
  if (pixels < palette) throw unreadable(`its pixels begin at byte ${pixels}, inside its header of ${palette}`);
  if (masks.length > 0 && !areFields(masks, bits)) {
    throw unreadable(`its colour masks ${masks.map((mask) => mask.toString(16)).join(', ')} do not fit ${bits} bits`);
  }
  return header;
}

/** Whether each mask is one run of bits of the pixel, and none is in two of them. */
function areFields(masks: readonly number[], bits: number): boolean {
  const runs = masks.map((mask) => mask / lowestBit(mask));
  if (!runs.every((run) => run > 0 && Number.isInteger(Math.log2(run + 1)))) return false;
  const shared = masks.some((mask, i) => masks.some((other, j) => j < i && (mask & other) !== 0));
  return !shared && masks.every((mask) => mask < 2 ** bits);
}

const lowestBit = (mask: number): number => (mask & -mask) >>> 0 || 1;

function pixelReader(view: DataView, header: Header): PixelReader {
  const { bits } = header;
  if (bits <= 8) return indexedReader(view, header);
  if (bits === 24) {
    return (row, x) => [view.getUint8(row + 3 * x + 2), view.getUint8(row + 3 * x + 1), view.getUint8(row + 3 * x)];
  }
  const [red, green, blue] = header.masks.map(fieldReader) as [FieldReader, FieldReader, FieldReader]; // as many as masks
  return (row, x) => {
    const value = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true);
    return [red(value), green(value), blue(value)];
  };
}

function indexedReader(view: DataView, { bits, palette, paletteEntry, colours, pixels }: Header): PixelReader {
  const count = Math.min(colours, 2 ** bits, Math.floor((pixels - palette) / paletteEntry));
  const table = Array.from({ length: Math.max(0, count) }, (_, i): [number, number, number] => {
    const at = palette + i * paletteEntry;
    return [view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at)];
  });
  const perByte = 8 / bits;
  return (row, x) => {
    const byte = view.getUint8(row + Math.floor(x / perByte));
    const index = (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
    const colour = table[index];
    if (!colour) throw unreadable(`a pixel has colour ${index} of a palette of ${table.length}`);
    return colour;
  };
}

/** Reads one colour out of a pixel's bits and widens it to a byte. */
type FieldReader = (value: number) => number;

function fieldReader(mask: number): FieldReader {
  const lowest = lowestBit(mask);
  const largest = mask / lowest;
  return (value) => Math.trunc((((value & mask) >>> 0) / lowest) * (255 / largest));
}

function unreadable(problem: string): PyramidFlowError {
  return new PyramidFlowError('DataError', `the BMP cannot be read: ${problem}`, 'save it again as PNG');
}

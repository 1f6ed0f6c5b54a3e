import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBmp, isBmp } from '../../src/image/bmp';
import { assertRejects } from '../support/assert-rejects';

interface BmpParts {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly number[];
  readonly compression?: number;
  readonly masks?: readonly number[];
  readonly headerBytes?: number;
}

/** A bitmap put together byte by byte; rows are in file order and are padded here. */
function bitmap({ width, height, bits, rows, palette = [], compression = 0, masks = [], headerBytes = 40 }: BmpParts) {
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const pixels = 14 + headerBytes + 4 * masks.length + palette.length;
  const bytes = new Uint8Array(pixels + rowBytes * rows.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, pixels, true);
  view.setUint32(14, headerBytes, true);
  if (headerBytes === 12) [width, height, 1, bits].forEach((value, i) => view.setUint16(18 + 2 * i, value, true));
  else {
    view.setInt32(18, width, true);
    view.setInt32(22, height, true);
    view.setUint16(28, bits, true);
    view.setUint32(30, compression, true);
    if (bits <= 8) view.setUint32(46, palette.length / 4, true);
  }
  masks.forEach((mask, i) => view.setUint32(54 + 4 * i, mask, true));
  bytes.set(palette, pixels - palette.length);
  rows.forEach((row, i) => bytes.set(row, pixels + i * rowBytes));
  return bytes;
}

const [RED, GREEN, BLUE] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];
const PALETTE = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0]; // red, green, blue as B G R 0

const CASES: readonly (readonly [name: string, parts: BmpParts, pixels: readonly (readonly number[])[]])[] = [
  [
    '24 bits, from the bottom, odd width',
    {
      width: 1,
      height: 2,
      bits: 24,
      rows: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
    [
      [6, 5, 4],
      [3, 2, 1],
    ],
  ],
  [
    '24 bits, from the top',
    {
      width: 1,
      height: -2,
      bits: 24,
      rows: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
    [
      [3, 2, 1],
      [6, 5, 4],
    ],
  ],
  [
    '32 bits',
    { width: 2, height: 1, bits: 32, rows: [[1, 2, 3, 9, 4, 5, 6, 9]] },
    [
      [3, 2, 1],
      [6, 5, 4],
    ],
  ],
  ['8 bits', { width: 3, height: 1, bits: 8, rows: [[2, 0, 1]], palette: PALETTE }, [BLUE, RED, GREEN]],
  [
    '4 bits, odd width',
    {
      width: 3,
      height: 2,
      bits: 4,
      rows: [
        [0x01, 0x20],
        [0x21, 0x00],
      ],
      palette: PALETTE,
    },
    [BLUE, GREEN, RED, RED, GREEN, BLUE],
  ],
  [
    '1 bit',
    { width: 9, height: 1, bits: 1, rows: [[0b10000001, 0b10000000]], palette: PALETTE.slice(0, 8) },
    [GREEN, RED, RED, RED, RED, RED, RED, GREEN, GREEN],
  ],
  [
    '16 bits, 5 each',
    { width: 2, height: 1, bits: 16, rows: [[0x1f, 0x7c, 0xf0, 0x01]] },
    [
      [255, 0, 255],
      [0, 123, 131],
    ],
  ],
  [
    '16 bits, 5-6-5',
    { width: 1, height: 1, bits: 16, rows: [[0xe0, 0x07]], compression: 3, masks: [0xf800, 0x07e0, 0x1f] },
    [GREEN],
  ],
  [
    '32 bits, fields turned round',
    { width: 1, height: 1, bits: 32, rows: [[10, 20, 30, 40]], compression: 3, masks: [0xff, 0xff00, 0xff000000] },
    [[10, 20, 40]],
  ],
  ['OS/2 header', { width: 1, height: 1, bits: 24, rows: [[1, 2, 3]], headerBytes: 12 }, [[3, 2, 1]]],
];

for (const [name, parts, pixels] of CASES) {
  test(`decodes ${name}`, () => {
    const bytes = bitmap(parts);
    assert.ok(isBmp(bytes));
    const image = decodeBmp(bytes);
    assert.equal([image.height, image.width, image.channels], [Math.abs(parts.height), parts.width, 3]);
    assert.equal([...image.data], pixels.flat());
  });
}

test('a view into a larger buffer decodes as the file alone', () => {
  const bytes = bitmap(CASES[0][1]);
  const larger = new Uint8Array(bytes.length + 5);
  larger.set(bytes, 5);
  assert.equal(decodeBmp(larger.subarray(5)), decodeBmp(bytes));
});

const whole = bitmap({ width: 4, height: 4, bits: 24, rows: Array(4).fill(Array(12).fill(7)) });
const BROKEN: readonly (readonly [name: string, bytes: Uint8Array, message: RegExp])[] = [
  ['nothing but its first bytes', whole.subarray(0, 20), /ends after 20 bytes/],
  ['no last row', whole.subarray(0, -1), /4 rows end at byte 102, the file at 101/],
  ['RLE', bitmap({ width: 1, height: 1, bits: 8, rows: [[0]], compression: 1 }), /compressed \(RLE8\)/],
  ['an embedded PNG', bitmap({ width: 1, height: 1, bits: 24, rows: [[0, 0, 0]], compression: 5 }), /compressed \(PNG\)/],
  [
    'an index beyond its palette',
    bitmap({ width: 1, height: 1, bits: 8, rows: [[3]], palette: PALETTE }),
    /colour 3 of a palette of 3/,
  ],
  ['no width', bitmap({ width: 0, height: 1, bits: 24, rows: [] }), /1x0 pixels/],
  ['more pixels than memory', bitmap({ width: 20000, height: 20000, bits: 24, rows: [] }), /exceed the limit/],
  ['3 bits a pixel', bitmap({ width: 1, height: 1, bits: 3, rows: [[0]] }), /3 bits a pixel/],
  [
    'a header of 20 bytes',
    bitmap({ width: 1, height: 1, bits: 24, rows: [[0, 0, 0]], headerBytes: 20 }),
    /header of 20 bytes/,
  ],
  ['pixels that begin in its header', changed(whole, (view) => view.setUint32(10, 30, true)), /inside its header of 54/],
  ['16 bits and a header of OS/2', bitmap({ width: 1, height: 1, bits: 16, rows: [[0, 0]], headerBytes: 12 }), /of OS\/2/],
  ['masks of 24 bits', masked(24, [0xff, 0xff00, 0xff0000]), /colour masks and 24 bits/],
  ['no mask of blue', masked(16, [0xf800, 0x7e0, 0]), /masks .* 16 bits/],
  ['a mask with a hole', masked(32, [0xff, 0xf0f00, 0xff000000]), /masks .* bits/],
  ['masks that overlap', masked(32, [0x80000000, 0xff, 0xff]), /masks .* bits/],
  ['a mask beyond its 16 bits', masked(16, [0x1f0000, 0x7e0, 0x1f]), /masks .* bits/],
];

function masked(bits: number, masks: readonly number[]): Uint8Array {
  return bitmap({ width: 1, height: 1, bits, rows: [[0, 0, 0, 0]], compression: 3, masks });
}

function changed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  return copy;
}

for (const [name, bytes, message] of BROKEN) {
  test(`refuses a bitmap with ${name}`, () => assertRejects(() => decodeBmp(bytes), 'DataError', message));
}

test.run();

import assert from 'node:assert/strict';
import type { Random } from '../../../src/core/random';
import type { ByteImage } from '../../../src/image/augment';
import { decodeBmp } from '../../../src/image/bmp';
import { chance, EDGES, mutateBytes, pick, randomBytes } from '../mutate';
import { target } from '../target';

const BITS = [1, 4, 8, 16, 24, 32];
const MASKS: Readonly<Record<number, readonly number[]>> = { 16: [0xf800, 0x7e0, 0x1f], 32: [0xff, 0xff00, 0xff0000] };

/** A bitmap whose fields belong together. */
export function validBmp(random: Random): Uint8Array {
  const core = chance(random, 4);
  const bits = pick(random, core ? [1, 4, 8, 24] : BITS);
  const masks = !core && MASKS[bits] && chance(random, 2) ? MASKS[bits] : [];
  const [width, height] = [1 + random.integer(9), 1 + random.integer(9)];
  const headerBytes = core ? 12 : 40;
  const colours = bits <= 8 ? 2 ** bits : 0;
  const pixels = 14 + headerBytes + 4 * masks.length + (core ? 3 : 4) * colours;
  const bytes = randomBytes(random, pixels + Math.ceil((width * bits) / 32) * 4 * height);
  const view = new DataView(bytes.buffer);
  bytes.fill(0, 0, 14 + headerBytes).set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, pixels, true);
  view.setUint32(14, headerBytes, true);
  if (core) [width, height, 1, bits].forEach((value, i) => view.setUint16(18 + 2 * i, value, true));
  else {
    view.setInt32(18, width, true);
    view.setInt32(22, chance(random, 3) ? -height : height, true);
    view.setUint16(26, 1, true);
    view.setUint16(28, bits, true);
    view.setUint32(30, masks.length ? 3 : 0, true);
    masks.forEach((mask, i) => view.setUint32(54 + 4 * i, mask, true));
  }
  return bytes;
}

/** Where the fields of the headers lie, and their bytes. */
const FIELDS = [
  ...[
    [10, 4],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
    [30, 4],
    [46, 4],
    [54, 4],
    [58, 4],
    [62, 4],
  ],
  ...[
    [18, 2],
    [20, 2],
    [22, 2],
    [24, 2],
  ],
];

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  do {
    const [at, size] = pick(random, FIELDS);
    if (at + size > copy.length) continue;
    const now = size === 4 ? view.getUint32(at, true) : view.getUint16(at, true);
    const value = pick(random, [pick(random, EDGES), pick(random, BITS), now + 1, now - 1, 2 * now, -now, 3, 6]);
    if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, BigInt(value))), true);
    else view.setUint16(at, Number(BigInt.asUintN(16, BigInt(value))), true);
  } while (chance(random, 2));
  return copy;
}

/** An image has the size that the file states, and a pixel of 24 bits is where it belongs. */
export function checkBmp({ data, height, width, channels }: ByteImage, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const core = view.getUint32(14, true) === 12;
  const rows = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const [stated, bits] = core
    ? [view.getUint16(18, true), view.getUint16(24, true)]
    : [view.getInt32(18, true), view.getUint16(28, true)];
  assert.deepEqual([height, width, channels], [Math.abs(rows), stated, 3], 'the size is another than the file states');
  assert.ok(height > 0 && width > 0, 'an empty image');
  assert.equal(data.length, 3 * height * width, 'the bytes do not fill the image');
  const [pixels, rowBytes] = [view.getUint32(10, true), Math.ceil((width * bits) / 32) * 4];
  assert.ok(pixels + rowBytes * height <= bytes.length, 'pixels beyond the end');
  assert.ok(pixels >= 14 + view.getUint32(14, true), 'pixels within the header');
  if (bits !== 24) return;
  const first = pixels + (rows < 0 ? 0 : (height - 1) * rowBytes);
  assert.deepEqual(
    [...data.subarray(0, 3)],
    [2, 1, 0].map((i) => bytes[first + i]),
    'the first pixel is another',
  );
}

export const bmp = target({
  name: 'bmp',
  refusals: ['DataError'],
  generate: (random) => {
    const bytes = validBmp(random);
    if (chance(random, 20)) return bytes;
    return chance(random, 2) ? mutated(bytes, random) : mutateBytes(bytes, random, [bytes, validBmp(random)]);
  },
  read: decodeBmp,
  check: checkBmp,
});

import type { Random } from '../../src/core/random';

export const pick = <T>(random: Random, from: readonly T[]): T => from[random.integer(from.length)];
export const chance = (random: Random, oneIn: number): boolean => random.integer(oneIn) === 0;

/** Whole numbers at which counts, offsets and sizes go wrong. */
export const EDGES: readonly number[] = [
  ...[0, 1, -1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536],
  ...[2 ** 24, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 8, 2 ** 32 + 32, 2 ** 53, -(2 ** 53)],
];

type Change = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const CHANGES: readonly Change[] = [
  flipBit,
  flipBit,
  (bytes, random) =>
    changed(bytes, random, (copy, at) => (copy[at] = pick(random, [0, 1, 0x7f, 0x80, 0xff, random.integer(256)]))),
  putNumber,
  (bytes, random) => bytes.slice(0, random.integer(bytes.length + 1)),
  (bytes, random) => bytes.slice(0, Math.max(0, bytes.length - 1 - random.integer(16))),
  (bytes, random) => joined(bytes, randomBytes(random, 1 + random.integer(32))),
  (bytes, random) => joined(bytes, new Uint8Array(1 + random.integer(4096))),
  // a part left out, and a part twice
  (bytes, random) =>
    joined(bytes.subarray(0, random.integer(bytes.length + 1)), bytes.subarray(random.integer(bytes.length + 1))),
  // the beginning of this, the end of another
  (bytes, random, others) => {
    const other = pick(random, others);
    return joined(bytes.subarray(0, random.integer(bytes.length + 1)), other.subarray(random.integer(other.length + 1)));
  },
  (bytes, random) => {
    const from = random.integer(bytes.length + 1);
    return bytes.slice().fill(pick(random, [0, 0xff]), from, from + 1 + random.integer(64));
  },
];

/** Bytes with one to four changes. @param others files that a part may come from */
export function mutateBytes(bytes: Uint8Array, random: Random, others: readonly Uint8Array[] = [bytes]): Uint8Array {
  let result = bytes;
  do result = pick(random, CHANGES)(result, random, others);
  while (chance(random, 2));
  return result;
}

/** Bytes with one bit turned over. */
export function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  return changed(bytes, random, (copy, at) => (copy[at] ^= 1 << random.integer(8)));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(256));
}

function changed(bytes: Uint8Array, random: Random, change: (copy: Uint8Array, at: number) => void): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) change(copy, random.integer(copy.length));
  return copy;
}

/** Writes an edge as a number of 16, 32 or 64 bits of either order. */
function putNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const size = pick(random, [2, 4, 8]);
  if (bytes.length < size) return bytes;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const near = Math.min(bytes.length - size, 128); // headers are at the beginning
  const at = random.integer((chance(random, 2) ? near : bytes.length - size) + 1);
  const [value, little] = [BigInt(pick(random, EDGES)), chance(random, 2)];
  if (size === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), little);
  else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), little);
  else view.setBigUint64(at, BigInt.asUintN(64, value), little);
  return copy;
}

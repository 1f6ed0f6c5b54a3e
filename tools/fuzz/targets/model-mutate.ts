import type { Random } from '../../../src/core/random';
import { mutatedText, mutateJson, strange, toJson } from '../json';
import { chance, EDGES, flipBit, mutateBytes, pick } from '../mutate';
import { type ModelFile, metadataOf, putTogether, sealed, takeApart, withHeader, withMetadata } from './model-file';

const STRANGE_FLOATS = [NaN, Infinity, -Infinity, 0, -0, 1e38, -1e38, 3.4e38, 1e-45, 1, -1];

/** A model file with damage of one kind: bytes of it, a field of its description, a tensor's entry, or its values. */
export function mutateModel(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  const file = takeApart(bytes);
  switch (random.integer(10)) {
    case 0:
      return mutateBytes(bytes, random, others);
    case 1:
      return headerText(file, random);
    case 2:
      return maybeSealed({ ...file, header: mutateJson(file.header, random) as ModelFile['header'] }, random);
    case 3:
      return maybeSealed({ ...file, header: withTensorEdit(file.header, random) }, random);
    case 4:
      return maybeSealed({ ...file, data: flipBit(file.data, random) }, random);
    case 5:
      return maybeSealed({ ...file, data: withStrangeValues(file, random) }, random);
    default:
      return maybeSealed({ ...file, header: withMetadataEdit(file.header, random) }, random);
  }
}

/** Mostly with checksums that are right again: without, a damaged file only shows that they are compared. */
function maybeSealed(file: ModelFile, random: Random): Uint8Array {
  return putTogether(chance(random, 6) || Array.isArray(file.header) ? file : sealed(file));
}

/** The header's text changed, or the length that the file states for it. */
function headerText({ header, data }: ModelFile, random: Random): Uint8Array {
  if (chance(random, 2)) return withHeader(mutatedText(header, random), data);
  const bytes = putTogether({ header, data });
  const view = new DataView(bytes.buffer);
  const length = view.getBigUint64(0, true);
  const wrong = pick(random, [
    BigInt(pick(random, EDGES)),
    length + 1n,
    length - 1n,
    length + 8n,
    BigInt(bytes.length),
    -1n,
  ]);
  view.setBigUint64(0, BigInt.asUintN(64, wrong), true);
  return bytes;
}

/** One field of the description: of another type, another value, left out, or its own JSON changed within. */
function withMetadataEdit(header: ModelFile['header'], random: Random): ModelFile['header'] {
  const metadata = metadataOf(header);
  const key = pick(random, Object.keys(metadata));
  switch (random.integer(6)) {
    case 0:
      delete metadata[key];
      break;
    case 1:
      metadata[key] = strange(random);
      break;
    case 2:
      metadata[pick(random, ['x', 'threshold', 'training', 'manifest', '__proto__'])] = pick(random, [
        '',
        '1',
        'null',
        '[]',
        '{}',
      ]);
      break;
    case 3:
      metadata[key] = toJson(strange(random));
      break;
    default:
      metadata[key] = editedText(String(metadata[key]), random);
  }
  return withMetadata(header, metadata);
}

function editedText(text: string, random: Random): string {
  try {
    return mutatedText(mutateJson(JSON.parse(text), random), random);
  } catch {
    return new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), random)); // such as the category
  }
}

const SHAPES = [
  [],
  [0],
  [1],
  [-1],
  [2 ** 32],
  [2 ** 31, 2],
  [1.5],
  [null],
  ['3'],
  [2 ** 53],
  [2 ** 26, 2 ** 27],
  [0, 2 ** 53],
  3,
  null,
];

function withTensorEdit(header: ModelFile['header'], random: Random): ModelFile['header'] {
  const edited: Record<string, unknown> = structuredClone(header);
  const names = Object.keys(edited).filter((name) => name !== '__metadata__');
  const name = pick(random, names);
  const entry = edited[name] as { dtype: unknown; shape: unknown; data_offsets: unknown };
  const other = edited[pick(random, names)] as typeof entry;
  switch (random.integer(8)) {
    case 0:
      entry.dtype = pick(random, ['F64', 'F16', 'BF16', 'I32', 'U8', 'BOOL', 'f32', '', null, 1, 'toString', '__proto__']);
      break;
    case 1:
      entry.shape = pick(random, SHAPES);
      break;
    case 2:
      entry.data_offsets = [pick(random, EDGES), pick(random, EDGES)];
      break;
    case 3:
      entry.data_offsets = other.data_offsets;
      break;
    case 4: // two tensors change places: fine for the format, and mostly of another size
      [entry.data_offsets, other.data_offsets] = [other.data_offsets, entry.data_offsets];
      break;
    case 5:
      entry.shape = (entry.shape as number[]).toReversed();
      break;
    case 6:
      delete edited[name];
      edited[pick(random, ['x', `${name} `, '', '__proto__x', 'toString', name.toUpperCase()])] = entry;
      break;
    default:
      edited[name] = strange(random);
  }
  return edited;
}

/** Values of a tensor with all bits of their exponent set, or a float of a strange size; of one place or of all. */
function withStrangeValues({ data }: ModelFile, random: Random): Uint8Array {
  const copy = data.slice();
  const view = new DataView(copy.buffer);
  const count = Math.floor(copy.length / 4);
  if (count === 0) return copy;
  const at = random.integer(count);
  const end = chance(random, 4) ? Math.min(count, at + 200) : at + 1;
  const value = pick(random, STRANGE_FLOATS);
  const bits = chance(random, 3) ? 1 << (23 + random.integer(8)) : 0;
  for (let i = at; i < end; i++) {
    if (bits) view.setUint32(4 * i, view.getUint32(4 * i, true) ^ bits, true);
    else view.setFloat32(4 * i, value, true);
  }
  return copy;
}

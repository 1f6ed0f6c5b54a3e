import { createHash } from 'node:crypto';
import { toJson } from '../json';

/** A model file taken apart: the header as JSON would parse it, and the bytes of all tensors. */
export interface ModelFile {
  readonly header: Record<string, unknown>;
  readonly data: Uint8Array;
}

const METADATA = '__metadata__';
/** Keys of the checksums, where a file has them: of the data, and of the header without this very key. */
const DATA_SUM = 'data_sha256';
const HEADER_SUM = 'header_sha256';
const LENGTH_BYTES = 8;

export function takeApart(bytes: Uint8Array): ModelFile {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length)));
  return { header, data: bytes.slice(LENGTH_BYTES + length) };
}

/** A file with this text as its header, whatever it is. */
export function withHeader(text: string, data: Uint8Array): Uint8Array {
  const json = Buffer.from(text);
  const length = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const bytes = new Uint8Array(LENGTH_BYTES + length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + length);
  bytes.set(json, LENGTH_BYTES);
  bytes.set(data, LENGTH_BYTES + length);
  return bytes;
}

export const putTogether = ({ header, data }: ModelFile): Uint8Array => withHeader(toJson(header), data);

/** The same file with checksums that are right, where it has such keys: what a careful forger would write. */
export function sealed({ header, data }: ModelFile): ModelFile {
  const metadata = metadataOf(header);
  const sums = { ...metadata };
  if (DATA_SUM in sums) sums[DATA_SUM] = sha256(data);
  if (!(HEADER_SUM in sums)) return { header: withMetadata(header, sums), data };
  const { [HEADER_SUM]: _, ...rest } = sums;
  const signed = asParsed(withMetadata(header, rest));
  if (signed === undefined) return { header, data };
  return { header: withMetadata(header, { ...sums, [HEADER_SUM]: sha256(JSON.stringify(signed)) }), data };
}

export function metadataOf(header: Record<string, unknown>): Record<string, unknown> {
  const metadata = header[METADATA];
  return typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? { ...metadata } : {};
}

/** Keeps its place among the keys, and stays what it is where it is no table. */
export function withMetadata(header: Record<string, unknown>, metadata: Record<string, unknown>): Record<string, unknown> {
  return METADATA in header && Object.keys(metadata).length > 0 ? { ...header, [METADATA]: metadata } : header;
}

/** The header as a reader has it; undefined where its text is no JSON. */
function asParsed(header: Record<string, unknown>): unknown {
  try {
    return JSON.parse(toJson(header));
  } catch {
    return undefined;
  }
}

const sha256 = (contents: string | Uint8Array): string => createHash('sha256').update(contents).digest('hex');

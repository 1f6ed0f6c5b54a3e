import { PyramidFlowError } from './errors';
import { readSafetensors, type SafetensorsFile, safetensorsHeader } from './safetensors';

/** Metadata entries, each 64 hexadecimal digits. */
export const DATA = 'data_sha256'; // of the bytes behind the header
export const HEADER = 'header_sha256'; // of the header as JSON without white space and without this entry

export interface SealedFile extends SafetensorsFile {
  /** SHA-256 of the data, which was compared with them; undefined where the file has no checksums */
  readonly checksum?: string;
}

/**
 * Reads a safetensors file and compares its checksums, where it has any. Throws CheckpointError for a file that is damaged,
 * and for one that has lost one of the two.
 */
export async function readSealed(bytes: Uint8Array): Promise<SealedFile> {
  const file = readSafetensors(bytes);
  const { [DATA]: dataSum, [HEADER]: headerSum, ...metadata } = file.metadata;
  if (dataSum === undefined && headerSum === undefined) return file;
  const { header, data } = safetensorsHeader(bytes);
  delete (header.__metadata__ as Record<string, string>)[HEADER];
  await compare('header', headerSum, encode(header));
  await compare('data', dataSum, data);
  return { tensors: file.tensors, metadata, checksum: dataSum };
}

async function compare(part: string, stated: string | undefined, bytes: Uint8Array): Promise<void> {
  const found = await sha256(bytes);
  if (found === stated) return;
  throw new PyramidFlowError(
    'CheckpointError',
    `the file is damaged: its ${part} has the checksum ${found.slice(0, 16)}..., the file states ${stated?.slice(0, 16) ?? 'none'}...`,
    'use another copy of it',
  );
}

export const encode = (header: object): Uint8Array => new TextEncoder().encode(JSON.stringify(header));

export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = typeof crypto === 'undefined' ? undefined : crypto.subtle; // pages have it on secure connections alone
  if (!subtle) {
    throw new PyramidFlowError(
      'UsageError',
      'this page was loaded over an insecure connection',
      'open it over https or on localhost',
    );
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

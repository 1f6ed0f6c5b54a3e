import { PyramidFlowError } from './errors';

/** The element types a file may hold, and the arrays they become. */
export const DTYPES = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type SafetensorDtype = keyof typeof DTYPES;
export type SafetensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface Safetensor {
  dtype: SafetensorDtype;
  shape: number[];
  data: SafetensorData;
}

export interface SafetensorsFile {
  tensors: Map<string, Safetensor>;
  metadata: Record<string, string>;
}

interface Entry {
  name: string;
  dtype: SafetensorDtype;
  shape: number[];
  begin: number;
  end: number;
}

export const METADATA = '__metadata__';
export const LENGTH_BYTES = 8;
const MOST_LETTERS = 300; // of an error

/**
 * Reads a safetensors file: an 8-byte little-endian header length, a JSON header, the tensors' bytes end to end.
 * Data are views of `bytes` wherever alignment allows. Everything is checked.
 *
 * @throws CheckpointError that says what was wrong and at which tensor
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes);
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = checkMetadata(value);
    else entries.push(checkEntry(name, value));
  }
  checkCoverage(entries, bytes.length - dataStart);
  const tensors = new Map<string, Safetensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, { dtype, shape, data: viewData(bytes, dataStart + begin, dataStart + end, dtype) });
  }
  return { tensors, metadata };
}

/** The header of a safetensors file as JSON has it, and the bytes behind it. Throws CheckpointError. */
export function safetensorsHeader(bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  const { header, dataStart } = readHeader(bytes);
  return { header, data: bytes.subarray(dataStart) };
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw damaged(`file of ${bytes.length} bytes is too short for a header length`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - LENGTH_BYTES)) {
    throw damaged(`header of ${length} bytes does not fit a file of ${bytes.length} bytes`);
  }
  const dataStart = LENGTH_BYTES + Number(length);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart));
    header = JSON.parse(text);
  } catch (cause) {
    throw damaged(`header is not valid JSON (${(cause as Error).message})`);
  }
  if (!isRecord(header)) throw damaged('header is not a JSON object');
  checkUniqueNames(text);
  return { header, dataStart };
}

/** JSON.parse silently keeps the last of equal keys; this finds them in the text, which is valid JSON. */
function checkUniqueNames(json: string): void {
  const open: Set<string>[] = []; // names of each object around `at`; a list has none
  for (let at = 0; at < json.length; at++) {
    const letter = json[at];
    if (letter === '{' || letter === '[') open.push(new Set());
    else if (letter === '}' || letter === ']') open.pop();
    else if (letter === '"') {
      const start = at;
      at = endOfText(json, at);
      if (!isKey(json, at + 1)) continue;
      const name: string = JSON.parse(json.slice(start, at + 1));
      const names = open.at(-1)!;
      if (names.has(name)) throw damaged(`the header names ${name} twice`);
      names.add(name);
    }
  }
}

/** Where the text that begins at `at` ends. */
function endOfText(json: string, at: number): number {
  const [QUOTE, BACKSLASH] = [0x22, 0x5c];
  for (at++; json.charCodeAt(at) !== QUOTE; at++) if (json.charCodeAt(at) === BACKSLASH) at++;
  return at;
}

/** Whether a colon comes next, after white space. */
function isKey(json: string, at: number): boolean {
  while (json[at] === ' ' || json[at] === '\t' || json[at] === '\n' || json[at] === '\r') at++;
  return json[at] === ':';
}

function checkMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    throw damaged(`${METADATA} is not a table of strings`);
  }
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown): Entry {
  if (!isRecord(value)) throw damaged(`tensor ${name}: its header entry is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) {
    throw damaged(`tensor ${name}: dtype ${String(dtype)} is not one of ${Object.keys(DTYPES).join(', ')}`);
  }
  if (!isSizes(shape)) throw damaged(`tensor ${name}: shape ${JSON.stringify(shape)} is not a list of sizes`);
  const [begin = 0, end = -1] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (begin > end) {
    throw damaged(`tensor ${name}: data_offsets ${JSON.stringify(offsets)} are not [begin, end]`);
  }
  const needed = countElements(shape) * DTYPES[dtype as SafetensorDtype].BYTES_PER_ELEMENT;
  if (end - begin !== needed) {
    const held = `its offsets hold ${end - begin}`;
    throw damaged(`tensor ${name}: ${dtype} [${shape.join(', ')}] takes ${needed} bytes, ${held}`);
  }
  return { name, dtype: dtype as SafetensorDtype, shape, begin, end };
}

/** The tensors must cover the data exactly: no overlap, no hole, nothing beyond the end or left over. */
function checkCoverage(entries: readonly Entry[], dataLength: number): void {
  const outside = entries.find((entry) => entry.end > dataLength);
  if (outside) throw damaged(`tensor ${outside.name}: ends at byte ${outside.end} of ${dataLength} bytes of data`);
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw damaged(`tensor ${name}: begins at byte ${begin}, inside one that ends at ${covered}`);
    if (begin > covered) throw damaged(`tensor ${name}: begins at byte ${begin}, after a hole from ${covered}`);
    covered = end;
  }
  if (covered < dataLength) throw damaged(`${dataLength - covered} bytes of data belong to no tensor`);
}

/** A view of the bytes, or of a copy where they are not aligned. Assumes a little-endian machine, as WebGPU does. */
function viewData(bytes: Uint8Array, begin: number, end: number, dtype: SafetensorDtype): SafetensorData {
  const ArrayType = DTYPES[dtype];
  const aligned = (bytes.byteOffset + begin) % ArrayType.BYTES_PER_ELEMENT === 0;
  const view = bytes.subarray(begin, end);
  const source = aligned ? view : new Uint8Array(view);
  const length = source.byteLength / ArrayType.BYTES_PER_ELEMENT;
  return new ArrayType(source.buffer as ArrayBuffer, source.byteOffset, length);
}

export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error of a file that cannot be used. */
export function damaged(problem: string, remedy = 'the file is damaged or not a safetensors file: copy or save it again') {
  return new PyramidFlowError('CheckpointError', shortened(problem), remedy);
}

/** A damaged file may name a tensor by a thousand letters. */
const shortened = (text: string) => (text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS)}...`);

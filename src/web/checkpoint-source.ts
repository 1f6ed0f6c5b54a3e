import type { Checkpoint } from '../checkpoint/checkpoint';
import { decodeCheckpoint } from '../checkpoint/decode';
import { PyramidFlowError } from '../core/errors';
import { is } from './image-source';

/** Where a page has a model file: its address, its bytes, or a file that was chosen or dropped. */
export type CheckpointSource = string | URL | ArrayBuffer | Blob;

export interface CheckpointOptions {
  /** stops the download */
  readonly signal?: AbortSignal;
  /** called for a model file of an older version, which has no checksum; default `console.warn` */
  onNotice?(text: string): void;
}

/**
 * Fetches a checkpoint and checks all of it. It owns its memory: bytes that were passed in may change afterwards.
 *
 * @throws CheckpointError that names the source, or the signal's reason
 */
export async function loadCheckpoint(
  source: CheckpointSource,
  { signal, onNotice = console.warn }: CheckpointOptions = {},
): Promise<Checkpoint> {
  const name = nameOf(source);
  const bytes = await readBytes(source, name, signal);
  signal?.throwIfAborted();
  try {
    const checkpoint = await decodeCheckpoint(new Uint8Array(bytes));
    if (!checkpoint.checksum) onNotice(`${name} has no checksum, like all files of older versions: damage may go unnoticed`);
    return checkpoint;
  } catch (cause) {
    if (!(cause instanceof PyramidFlowError)) throw cause;
    throw new PyramidFlowError('CheckpointError', `${name}: ${cause.problem}`, cause.remedy, { cause });
  }
}

function nameOf(source: CheckpointSource): string {
  if (typeof source === 'string' || source instanceof URL) return String(source);
  return is('File', source) ? source.name : 'the model file';
}

async function readBytes(source: CheckpointSource, name: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  if (source instanceof ArrayBuffer) return source.slice(0);
  try {
    if (is('Blob', source)) return await source.arrayBuffer();
    const response = await fetch(source, { signal });
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    return await response.arrayBuffer();
  } catch (cause) {
    signal?.throwIfAborted();
    const problem = `${name} cannot be read: ${(cause as Error).message}`;
    const remedy = 'check the address, and that its server allows this page to read the file';
    throw new PyramidFlowError('CheckpointError', problem, remedy, { cause });
  }
}

import type { Checkpoint } from '../checkpoint/checkpoint';
import { decodeCheckpoint } from '../checkpoint/codec';
import { PyramidFlowError } from '../core/errors';
import { is } from './image-source';

/** Where a page may have a checkpoint: its address, its bytes or a file. */
export type CheckpointSource = string | URL | ArrayBuffer | Blob;

/**
 * Fetches and checks a checkpoint, which then is the reader's own. Throws CheckpointError that names where it came from,
 * the signal's reason where it was stopped.
 */
export async function loadCheckpoint(source: CheckpointSource, signal?: AbortSignal): Promise<Checkpoint> {
  const name = nameOf(source);
  const bytes = await readBytes(source, name, signal);
  signal?.throwIfAborted();
  try {
    return await decodeCheckpoint(new Uint8Array(bytes));
  } catch (cause) {
    if (!(cause instanceof PyramidFlowError)) throw cause;
    throw new PyramidFlowError('CheckpointError', `${name}: ${cause.problem}`, cause.remedy, { cause });
  }
}

function nameOf(source: CheckpointSource): string {
  if (typeof source === 'string' || source instanceof URL) return String(source);
  return is('File', source) ? source.name : 'the checkpoint';
}

async function readBytes(source: CheckpointSource, name: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  if (source instanceof ArrayBuffer) return source.slice(0);
  try {
    if (is('Blob', source)) return await source.arrayBuffer();
    const response = await fetch(source, { signal });
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`.trim());
    return await response.arrayBuffer();
  } catch (cause) {
    signal?.throwIfAborted();
    const remedy = 'name a file that `pyramidflow train` wrote, on a server that lets this page have it';
    throw new PyramidFlowError('CheckpointError', `${name} cannot be read: ${(cause as Error).message}`, remedy, { cause });
  }
}

import { PyramidFlowError } from '../core/errors';
import type { AdapterReport } from './device';

/** How `openGpu` opens a GPU. */
export interface OpenGpuOptions {
  /** one that is open already, whose features and limits are used as they are; default the best adapter */
  readonly device?: GPUDevice;
  /** bytes, the most that a convolution takes for intermediate results; default 16 MiB on software adapters, on hardware up to 512 MiB */
  readonly workspace?: number;
}

const MIB = 2 ** 20;
const LEAST = MIB;

/** Up to this many bytes, work is arranged for caches and for little memory; above it, for few dispatches. */
export const SMALL_WORKSPACE = 16 * MIB;

/** On hardware: enough for batches of two at 512 x 512 in one piece. What a smaller image does not need is not allocated. */
const HARDWARE = 512 * MIB;

/**
 * The most bytes that a convolution takes for intermediate results: 16 MiB on software adapters, which compute from caches; on
 * hardware 512 MiB, or what the adapter can bind if that is less, since every dispatch costs the host time there.
 */
export function workspaceFor({ software, limits }: Pick<AdapterReport, 'software' | 'limits'>): number {
  return software ? SMALL_WORKSPACE : Math.min(HARDWARE, limits.maxStorageBufferBindingSize!);
}

/** Throws UsageError for a workspace that is not a number of bytes from 1 MiB to what the adapter can bind. */
export function checkWorkspace(bytes: number, { limits }: Pick<AdapterReport, 'limits'>): number {
  const most = limits.maxStorageBufferBindingSize!;
  if (bytes >= LEAST && bytes <= most) return bytes;
  const problem = `expected a workspace from ${LEAST} to ${most} bytes on this adapter, got ${bytes}`;
  throw new PyramidFlowError('UsageError', problem, 'use one in this range', { details: { settings: ['workspace'] } });
}

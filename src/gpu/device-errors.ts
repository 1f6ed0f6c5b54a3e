import { PyramidFlowError } from '../core/errors';
import type { MemoryUse } from './pool';

// Errors of the GPU as messages. The driver's own error is the `cause`.

/** A request for memory. */
export interface MemoryRequest {
  readonly label: string;
  readonly bytes: number;
}

/** What makes the work smaller: a remedy, and the settings that it is about. */
const LESS_WORK = {
  remedy: 'use smaller images, a smaller batch or fewer channels',
  settings: ['size', 'batch', 'channels'],
} as const;

/** A driver's error about a command, or about `request` if that is known. */
export function gpuError(error: GPUError, held: MemoryUse, request?: MemoryRequest): PyramidFlowError {
  if (isOutOfMemory(error)) return outOfMemory(error, held, request);
  return refused(`the GPU refused a command: ${error.message.trim()}`, error);
}

export function outOfMemory(cause: unknown, { live, pooled }: MemoryUse, request?: MemoryRequest): PyramidFlowError {
  const asked = request ? `${request.label} needs ${amount(request.bytes)}` : 'the driver has none left';
  return new PyramidFlowError(
    'DeviceError',
    `the GPU ran out of memory: ${asked}; tensors use ${amount(live)}, and ${amount(pooled)} are pooled`,
    `${LESS_WORK.remedy}, or close other programs that use the GPU`,
    { cause, details: { settings: LESS_WORK.settings } },
  );
}

/** A tensor larger than a binding of this adapter may be. */
export function tooLarge({ label, bytes }: MemoryRequest, most: number): PyramidFlowError {
  const problem = `${label} needs ${bytes} bytes, but this adapter binds at most ${most}`;
  return new PyramidFlowError('DeviceError', problem, LESS_WORK.remedy, { details: { settings: LESS_WORK.settings } });
}

export function gridTooLarge(kernel: string, grid: readonly number[], limit: number): PyramidFlowError {
  return new PyramidFlowError(
    'DeviceError',
    `kernel ${kernel} needs a grid of ${grid.join('x')} workgroups, but this adapter allows 1 to ${limit} in each direction`,
    'use smaller images or a smaller batch',
    { details: { settings: ['size', 'batch'] } },
  );
}

export function compileError(what: string, cause: unknown): PyramidFlowError {
  return refused(`${what} does not compile on this GPU: ${messageOf(cause)}`, cause);
}

/** An error that the platform threw when it was given a command, or asked for a result. */
export function brokenCall(what: string, cause: unknown): PyramidFlowError {
  return refused(`the GPU could not ${what}: ${messageOf(cause)}`, cause);
}

export function lossError({ reason, message }: GPUDeviceLostInfo): PyramidFlowError {
  if (reason === 'destroyed') return disposedError();
  return new PyramidFlowError(
    'DeviceError',
    `the GPU device was lost (${message || reason})`,
    'try again; if it happens again, use smaller images or a smaller batch, or update the driver',
    { details: { settings: ['size', 'batch'] } },
  );
}

export function disposedError(): PyramidFlowError {
  return new PyramidFlowError('DeviceError', 'this GPU runtime was disposed', 'open a new one');
}

function refused(problem: string, cause: unknown): PyramidFlowError {
  const remedy = 'update the graphics driver; if that does not help, please report this message and the name of the adapter';
  return new PyramidFlowError('DeviceError', problem, remedy, { cause });
}

/** By name, since an error of another realm is not an instance of this realm's class. */
const isOutOfMemory = (error: GPUError) => error.constructor.name === 'GPUOutOfMemoryError';
export const isValidation = (error: GPUError | null) => error?.constructor.name === 'GPUValidationError';

/** The message of a DOMException may be empty; its name never is. */
function messageOf(cause: unknown): string {
  const { message, name } = cause as Partial<Error>;
  return message?.trim() || name || String(cause);
}

const amount = (bytes: number) => (bytes < 2 ** 20 ? `${bytes} bytes` : `${(bytes / 2 ** 20).toFixed(1)} MiB`);

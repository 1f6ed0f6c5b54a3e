import { PyramidFlowError } from '../core/errors';
import type { MemoryUse } from './pool';

// What can go wrong on a GPU, in words. The driver's own error is the cause.

/** What memory was asked for. */
export interface Request {
  readonly label: string;
  readonly bytes: number;
}

/** What makes the work smaller. */
const LESS_WORK = {
  remedy: 'use smaller images, a smaller batch or fewer channels',
  settings: ['size', 'batch', 'channels'],
} as const;

/** What a driver said about a command, or about `request` where that is known. */
export function gpuError(error: GPUError, held: MemoryUse, request?: Request): PyramidFlowError {
  if (isOutOfMemory(error)) return outOfMemory(error, held, request);
  return refused(`the GPU refused a command: ${error.message.trim()}`, error);
}

export function outOfMemory(cause: unknown, { live, pooled }: MemoryUse, request?: Request): PyramidFlowError {
  const asked = request ? `${request.label} needs ${amount(request.bytes)}` : 'its driver has no more';
  return new PyramidFlowError(
    'DeviceError',
    `the GPU ran out of memory: ${asked}, tensors hold ${amount(live)} and ${amount(pooled)} are kept for the next ones`,
    `${LESS_WORK.remedy}, or close other programs that use the GPU`,
    { cause, details: { settings: LESS_WORK.settings } },
  );
}

/** A tensor above what one binding of this adapter can be. */
export function tooLarge({ label, bytes }: Request, most: number): PyramidFlowError {
  const problem = `${label} needs ${bytes} bytes, more than the ${most} that this adapter can bind`;
  return new PyramidFlowError('DeviceError', problem, LESS_WORK.remedy, { details: { settings: LESS_WORK.settings } });
}

export function gridTooLarge(kernel: string, grid: readonly number[], limit: number): PyramidFlowError {
  return new PyramidFlowError(
    'DeviceError',
    `kernel ${kernel} would need a grid of ${grid.join(' x ')} workgroups, this adapter allows 1 to ${limit} each way`,
    'use smaller images or a smaller batch',
    { details: { settings: ['size', 'batch'] } },
  );
}

export function compileError(what: string, cause: unknown): PyramidFlowError {
  return refused(`${what} does not compile on this GPU: ${messageOf(cause)}`, cause);
}

/** What the platform threw where it was to take a command or to give its result. */
export function brokenCall(what: string, cause: unknown): PyramidFlowError {
  return refused(`the GPU could not ${what}: ${messageOf(cause)}`, cause);
}

export function lossError({ reason, message }: GPUDeviceLostInfo): PyramidFlowError {
  if (reason === 'destroyed') return destroyedError();
  return new PyramidFlowError(
    'DeviceError',
    `the GPU device was lost (${message || reason})`,
    'start again; if it happens again, use smaller images or a smaller batch, or update the driver',
    { details: { settings: ['size', 'batch'] } },
  );
}

export function destroyedError(): PyramidFlowError {
  return new PyramidFlowError('DeviceError', 'this GPU runtime was destroyed', 'open another');
}

function refused(problem: string, cause: unknown): PyramidFlowError {
  const remedy =
    'update the graphics driver; if that does not help, please report this message with the name of the adapter';
  return new PyramidFlowError('DeviceError', problem, remedy, { cause });
}

/** By its name: an error of another realm is no instance of this one's class. */
const isOutOfMemory = (error: GPUError) => error.constructor.name === 'GPUOutOfMemoryError';

/** A DOMException's message may be empty, its name never is. */
function messageOf(cause: unknown): string {
  const { message, name } = cause as Partial<Error>;
  return message?.trim() || name || String(cause);
}

const amount = (bytes: number) => (bytes < 2 ** 20 ? `${bytes} bytes` : `${(bytes / 2 ** 20).toFixed(1)} MiB`);

import { PyramidFlowError } from '../core/errors';
import { compileError } from './device-errors';
import type { KernelSource } from './kernel';
import { excerptOf } from './kernel-text';
import { specialise } from './specialise';

/** A kernel that was given to the driver. */
export interface Attempt {
  readonly kernel: KernelSource;
  readonly constants: Readonly<Record<string, number>>;
  /** the kernel with its constants, as errors call it */
  readonly label: string;
  readonly module: GPUShaderModule;
}

/** Makes the error of a kernel that the driver refused. */
export type ExplainCompile = (
  device: GPUDevice,
  attempt: Attempt,
  cause: unknown,
) => PyramidFlowError | Promise<PyramidFlowError>;

/**
 * Why a kernel does not compile, with the line of its own text. That of a user is a UsageError; one of this package is a DeviceError,
 * since it compiles on every GPU that it was tried on.
 *
 * @param cause what the driver says of the module or its pipeline
 */
export async function explainCompile(device: GPUDevice, attempt: Attempt, cause: unknown): Promise<PyramidFlowError> {
  const { kernel, label } = attempt;
  const found = await locate(device, attempt);
  const error = compileError(`kernel ${label}`, cause);
  const problem = found ? `kernel ${label} does not compile, ${found}` : error.problem;
  if (!kernel.custom) return new PyramidFlowError('DeviceError', problem, error.remedy, { cause });
  return new PyramidFlowError('UsageError', problem, 'correct the kernel', { cause });
}

/** Where in the author's text the first error is, and what it is; undefined if the driver finds none in the text. */
async function locate(device: GPUDevice, { kernel, constants, module }: Attempt): Promise<string | undefined> {
  // unrolling moves lines
  const code = specialise(kernel.text, constants);
  const rolled = specialise(kernel.text, constants, { unroll: false });
  const error = await firstError(code === rolled ? module : unwatchedModule(device, rolled));
  if (error) {
    const line = error.lineNum - (kernel.preface ?? 0);
    return described(line > 0 ? `line ${line}` : 'in what it declares', kernel.text, error);
  }
  const inLoop = await firstError(module);
  return inLoop && described('in a loop that is unrolled', code, inLoop);
}

function described(place: string, text: string, { lineNum, linePos, message }: GPUCompilationMessage): string {
  const moved = /^override /.test(text.split('\n')[lineNum - 1]!) ? 'override'.length - 'const'.length : 0;
  return `${place}:\n${excerptOf(text, lineNum, Math.max(linePos - 1, 0) + moved)}\n${message.trim()}`;
}

async function firstError(module: GPUShaderModule): Promise<GPUCompilationMessage | undefined> {
  const { messages } = await module.getCompilationInfo().catch(() => ({ messages: [] as GPUCompilationMessage[] }));
  return messages.find(({ type, lineNum }) => type === 'error' && lineNum > 0);
}

/** A module whose errors are no one's but the caller's. */
function unwatchedModule(device: GPUDevice, code: string): GPUShaderModule {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  device.popErrorScope().catch(() => undefined);
  return module;
}

import { availableParallelism } from 'node:os';
import { create, globals } from 'webgpu';
import { requestDevice } from '../gpu/device';
import { Gpu } from '../gpu/gpu';
import { checkWorkspace, type OpenGpuOptions } from '../gpu/workspace';
import { DRIVER } from './driver';
import { readTuning } from './files/tuning-file';

// lavapipe starts a thread per core; on two cores, eight threads were 1.5 times as fast. Other drivers ignore it.
process.env.LP_NUM_THREADS ??= String(Math.max(8, availableParallelism()));

export const TOGGLES = ['disable-dawn-features=timestamp_quantization'];

/** Dawn's `navigator.gpu`. It must outlive its devices, or the process crashes: so it lives as long as the module. */
export const dawn = create(TOGGLES);
Object.assign(globalThis, globals);

/**
 * Opens this machine's best GPU through Dawn, with the kernels that `pyramidflow tune` chose for it: hardware first, a
 * software driver only where there is none.
 *
 * @param options workspace: bytes, the most that a convolution takes for intermediate results; default by the adapter
 * @returns a runtime, whose `dispose()` closes the GPU
 * @throws DeviceError where there is no adapter; UsageError for a workspace out of range
 * @example
 * const gpu = await openRuntime();
 * console.log(gpu.adapter.description);
 */
export async function openRuntime({ workspace }: Pick<OpenGpuOptions, 'workspace'> = {}): Promise<Gpu> {
  const gpu = new Gpu(await requestDevice(dawn, DRIVER));
  if (workspace !== undefined) gpu.workspace = checkWorkspace(workspace, gpu.adapter);
  for (const [name, option] of await readTuning(gpu.adapter)) gpu.choices.set(name, option);
  return gpu;
}

let shared: Promise<Gpu> | undefined;

/** The runtime for callers that pass none; a new one after the device was lost. Throws DeviceError. */
export async function sharedRuntime(): Promise<Gpu> {
  const gpu = await shared?.catch(() => undefined);
  if (!gpu || gpu.failed) shared = openRuntime();
  return shared!;
}

import { availableParallelism } from 'node:os';
import { create, globals } from 'webgpu';
import { requestDevice } from '../gpu/device';
import { Runtime } from '../gpu/runtime';
import { readTuning } from './files/tuning-file';

// lavapipe starts a thread a core; on two cores eight gave 1.5 times the speed. Other drivers do not read it.
process.env.LP_NUM_THREADS ??= String(Math.max(8, availableParallelism()));

export const TOGGLES = ['disable-dawn-features=timestamp_quantization'];

/** Dawn's `navigator.gpu`. The process dies when it is collected before its devices are, so it lives as long as the module. */
export const dawn = create(TOGGLES);
Object.assign(globalThis, globals);

/**
 * A runtime on this machine's best adapter, through Dawn, with the kernels that `pyramidflow tune` chose for it. Throws
 * DeviceError where there is none.
 */
export async function openRuntime(): Promise<Runtime> {
  const gpu = new Runtime(await requestDevice(dawn));
  for (const [name, option] of await readTuning(gpu.adapter)) gpu.choices.set(name, option);
  return gpu;
}

import { availableParallelism } from 'node:os';
import { create, globals } from 'webgpu';
import { requestDevice } from '../gpu/device';
import { Runtime } from '../gpu/runtime';

// lavapipe starts a thread a core; on two cores eight gave 1.5 times the speed. Other drivers do not read it.
process.env.LP_NUM_THREADS ??= String(Math.max(8, availableParallelism()));

export const TOGGLES = ['disable-dawn-features=timestamp_quantization'];

/** Dawn's `navigator.gpu`. The process dies when it is collected before its devices are, so it lives as long as the module. */
export const dawn = create(TOGGLES);
Object.assign(globalThis, globals);

/** A runtime on this machine's best adapter, through Dawn. Throws DeviceError where there is none. */
export async function openRuntime(): Promise<Runtime> {
  return new Runtime(await requestDevice(dawn));
}

import { deviceOf } from '../gpu/device';
import { Gpu } from '../gpu/gpu';
import { checkWorkspace, type OpenGpuOptions } from '../gpu/workspace';
import { openRuntime } from './dawn';

export * from '../flow/index';
export type { OpenGpuOptions } from '../gpu/workspace';
export { pyramidBlocks } from '../pyramidflow/trainable';

/**
 * Opens a GPU for the framework: this machine's best adapter through Dawn, or a device that the program already has.
 *
 * @param options a device of the program, which it keeps; the workspace
 * @throws PyramidFlowError DeviceError if there is no adapter
 * @example
 * const gpu = await openGpu();
 * console.log(gpu.adapter.description);
 */
export async function openGpu({ device, workspace }: OpenGpuOptions = {}): Promise<Gpu> {
  const gpu = device ? new Gpu(deviceOf(device)) : await openRuntime();
  if (workspace !== undefined) gpu.workspace = checkWorkspace(workspace, gpu.adapter);
  return gpu;
}

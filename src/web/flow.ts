import { deviceOf } from '../gpu/device';
import { Gpu } from '../gpu/gpu';
import { checkWorkspace, type OpenGpuOptions } from '../gpu/workspace';
import { openPageGpu } from './page-gpu';

export * from '../flow/index';
export type { OpenGpuOptions } from '../gpu/workspace';
export { pyramidBlocks } from '../pyramidflow/trainable';

/**
 * Opens a GPU for the framework: the page's best adapter, or a device that the page already has.
 *
 * @param options a device of the page, which it keeps; the workspace
 * @throws PyramidFlowError DeviceError, which says what is missing, if the page has no WebGPU
 * @example
 * const gpu = await openGpu();
 * console.log(gpu.adapter.description);
 */
export async function openGpu({ device, workspace }: OpenGpuOptions = {}): Promise<Gpu> {
  const gpu = new Gpu(device ? deviceOf(device) : await openPageGpu());
  if (workspace !== undefined) gpu.workspace = checkWorkspace(workspace, gpu.adapter);
  return gpu;
}

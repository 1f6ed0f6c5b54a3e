import { deviceOf } from '../gpu/device';
import { Gpu } from '../gpu/gpu';
import { openRuntime } from './dawn';

export * from '../flow/index';
export { pyramidBlocks } from '../pyramidflow/trainable';

/**
 * Opens a GPU for the framework: this machine's best adapter through Dawn, or a device that the program already has.
 *
 * @param options device: its features and limits are used as they are
 * @throws PyramidFlowError DeviceError if there is no adapter
 * @example
 * const gpu = await openGpu();
 * console.log(gpu.adapter.description);
 */
export async function openGpu({ device }: { readonly device?: GPUDevice } = {}): Promise<Gpu> {
  return device ? new Gpu(deviceOf(device)) : openRuntime();
}

import { type Device, deviceOf, requestDevice } from '../gpu/device';
import { Gpu } from '../gpu/gpu';
import { supportError } from './support';

export * from '../flow/index';
export { pyramidBlocks } from '../pyramidflow/trainable';

/**
 * Opens a GPU for the framework: the page's best adapter, or a device that the page already has.
 *
 * @param options device: its features and limits are used as they are, and the page keeps it
 * @throws PyramidFlowError DeviceError, which says what is missing, if the page has no WebGPU
 * @example
 * const gpu = await openGpu();
 * console.log(gpu.adapter.description);
 */
export async function openGpu({ device }: { readonly device?: GPUDevice } = {}): Promise<Gpu> {
  return new Gpu(device ? deviceOf(device) : await bestDevice());
}

async function bestDevice(): Promise<Device> {
  const unsupported = await supportError();
  if (unsupported) throw unsupported;
  return requestDevice(navigator.gpu);
}

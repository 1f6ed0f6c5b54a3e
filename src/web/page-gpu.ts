import { type Device, requestDevice } from '../gpu/device';
import type { Environment, Support } from './support';

/**
 * Opens the page's best adapter.
 *
 * @throws DeviceError, which says what is missing, where the page has no WebGPU
 */
export async function openPageGpu(): Promise<Device> {
  const usable = isSecureContext && (await navigator.gpu?.requestAdapter());
  const unsupported = usable ? undefined : await (await import('./support')).supportError();
  if (unsupported) throw unsupported;
  return requestDevice(navigator.gpu);
}

/**
 * Explains in one sentence whether this page has WebGPU and, if it does not, why and what its user can do.
 *
 * @param environment default the page's own
 * @example
 * const { supported, sentence } = await explainSupport();
 * if (!supported) message.textContent = sentence;
 */
export async function explainSupport(environment?: Environment): Promise<Support> {
  const support = await import('./support');
  return support.explainSupport(environment);
}

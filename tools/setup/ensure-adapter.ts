import { existsSync, readFileSync } from 'node:fs';
import { PyramidFlowError } from '../../src/core/errors';
import { type Probe, probeAdapter } from './adapter';
import { installSoftwareVulkan, isMesaInstalled } from './apt';
import { MINIMUM_MESA, parseOsRelease, usesApt } from './software-vulkan';
import { canBeRoot } from './system';

const MESA_GPU = '/dev/dri/renderD128';
/** Device files that show a GPU, whether or not it has a Vulkan driver. */
const GPU_NODES = ['/dev/nvidia0', MESA_GPU];
/** What tells the Vulkan loader to use these drivers and no others. */
const DRIVER_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'];

/**
 * Makes sure that Dawn opens an adapter here, and installs a software driver on Debian and Ubuntu where it does not.
 * A driver that belongs to a GPU of this machine is left as it is. Throws DeviceError that says what to do.
 */
export function ensureAdapter(): void {
  const probe = probeAdapter();
  if ('refusal' in probe) install(probe.refusal);
  else report(probe);
}

function install(refusal: string): void {
  if (process.platform !== 'linux') throw noAdapter(refusal, 'update the graphics driver');
  const chosen = DRIVER_VARIABLES.find((name) => process.env[name]);
  if (chosen) throw noAdapter(refusal, `${chosen} chooses the Vulkan driver: unset it or name one that works`);
  const os = parseOsRelease(readFileSync('/etc/os-release', 'utf8'));
  const wanted = `Mesa's software Vulkan driver, ${MINIMUM_MESA} or newer (with it, its loader libvulkan)`;
  if (!usesApt(os)) throw noAdapter(refusal, `install ${wanted}, with the packages of ${os.name}`);
  if (existsSync(MESA_GPU) && isMesaInstalled()) {
    throw noAdapter(refusal, `Mesa may drive the GPU behind ${MESA_GPU}: upgrade it to ${MINIMUM_MESA} or newer`);
  }
  if (!canBeRoot()) throw noAdapter(refusal, `run \`npm run setup\` once as root: it installs ${wanted}`);
  console.error(`setup: Dawn opens no WebGPU adapter here: ${refusal}`);
  installSoftwareVulkan(os);
  const probe = probeAdapter();
  if ('refusal' in probe) throw noAdapter(probe.refusal, 'the driver is installed: see what `vulkaninfo` says about it');
  report(probe);
}

function report(probe: Exclude<Probe, { refusal: string }>): void {
  const gpu = probe.software && GPU_NODES.find(existsSync);
  console.error(`setup: ready, ${probe.adapter}${probe.software ? ' (software)' : ''}`);
  if (gpu) console.error(`setup: ${gpu} is a GPU without a working Vulkan driver; install one to use it`);
}

function noAdapter(refusal: string, remedy: string): PyramidFlowError {
  return new PyramidFlowError('DeviceError', `Dawn found no WebGPU adapter: ${refusal}`, remedy);
}

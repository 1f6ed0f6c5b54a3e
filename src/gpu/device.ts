import { PyramidFlowError } from '../core/errors';
import { brokenCall } from './device-errors';

/** The device and what it can do. */
export interface Device {
  readonly device: GPUDevice;
  readonly adapter: AdapterReport;
}

export interface AdapterReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** true for a driver that computes on the CPU (lavapipe, SwiftShader, WARP) */
  readonly software: boolean;
  /** invocations in a subgroup, where it is always the same number */
  readonly subgroupSize?: number;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** What people call an adapter, as far as its driver or browser tells. */
export function adapterName({
  description,
  device,
  vendor,
  architecture,
}: Pick<AdapterReport, 'description' | 'device' | 'vendor' | 'architecture'>): string {
  return description || device || [vendor, architecture].filter(Boolean).join(' ') || 'an unnamed adapter';
}

const USEFUL_FEATURES = ['timestamp-query', 'shader-f16', 'subgroups'] as const;
const USEFUL_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
  'minStorageBufferOffsetAlignment',
  'maxTextureDimension2D',
] as const;
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|software|warp|basic render/i;

/**
 * The best adapter of this platform: hardware first, a software driver only where there is none. The device gets the
 * adapter's own limits (the defaults are small) and the features that this project can use.
 * Throws DeviceError where there is no adapter but a null one.
 */
export async function requestDevice(gpu: GPU): Promise<Device> {
  const adapter = await bestAdapter(gpu);
  const report = describeAdapter(adapter);
  const descriptor: GPUDeviceDescriptor = {
    label: 'pyramidflow',
    requiredFeatures: USEFUL_FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: report.limits as Record<string, number>,
  };
  try {
    return { device: await adapter.requestDevice(descriptor), adapter: report };
  } catch (cause) {
    throw brokenCall('be opened', cause);
  }
}

async function bestAdapter(gpu: GPU): Promise<GPUAdapter> {
  const wishes: GPURequestAdapterOptions[] = [{ powerPreference: 'high-performance' }, {}, { forceFallbackAdapter: true }];
  let software: GPUAdapter | undefined;
  for (const wish of wishes) {
    const adapter = await gpu.requestAdapter(wish);
    if (!adapter || isNullBackend(adapter.info)) continue;
    if (!describeAdapter(adapter).software) return adapter;
    software ??= adapter;
  }
  if (software) return software;
  throw new PyramidFlowError(
    'DeviceError',
    'no WebGPU adapter was found',
    'install a Vulkan, Metal or D3D12 driver for your GPU; on Debian or Ubuntu without a GPU `npm run setup` installs a software driver',
  );
}

const isNullBackend = (info: GPUAdapterInfo) => /^null/i.test(info.description) || /^null/i.test(info.device);

function describeAdapter(adapter: GPUAdapter): AdapterReport {
  const { info } = adapter;
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    software: SOFTWARE.test(names) || info.isFallbackAdapter === true,
    subgroupSize: info.subgroupMinSize === info.subgroupMaxSize ? info.subgroupMinSize : undefined,
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(USEFUL_LIMITS.map((limit) => [limit, adapter.limits[limit] as number])),
  };
}

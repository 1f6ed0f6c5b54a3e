import { PyramidFlowError } from '../core/errors';
import { brokenCall } from './device-errors';

/** A device and the report on its adapter. */
export interface Device {
  readonly device: GPUDevice;
  readonly adapter: AdapterReport;
}

/** What an adapter is called, and what it supports. */
export interface AdapterReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** whether the driver computes on the CPU (lavapipe, SwiftShader, WARP) */
  readonly software: boolean;
  /** invocations in a subgroup, if that number is fixed */
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

/** f16 for the benchmarks, which measure its rate. */
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
 * Opens the best adapter of this platform: hardware, or a software driver if there is none. The device has the adapter's own limits,
 * since WebGPU's defaults are small, and the features that this project can use.
 *
 * @param remedy what to do where there is no adapter
 * @throws PyramidFlowError DeviceError if there is no adapter, or it cannot be opened
 */
export async function requestDevice(gpu: GPU, remedy = 'install the current driver of your GPU'): Promise<Device> {
  const adapter = await bestAdapter(gpu);
  if (!adapter) throw new PyramidFlowError('DeviceError', 'no WebGPU adapter was found', remedy);
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

/** A device that was opened elsewhere, with the report on its adapter. */
export function deviceOf(device: GPUDevice): Device {
  return { device, adapter: report(device.adapterInfo, device) };
}

async function bestAdapter(gpu: GPU): Promise<GPUAdapter | undefined> {
  const requests: GPURequestAdapterOptions[] = [{ powerPreference: 'high-performance' }, {}, { forceFallbackAdapter: true }];
  let software: GPUAdapter | undefined;
  for (const request of requests) {
    const adapter = await gpu.requestAdapter(request);
    if (!adapter || isNullBackend(adapter.info)) continue;
    if (!describeAdapter(adapter).software) return adapter;
    software ??= adapter;
  }
  return software;
}

const isNullBackend = (info: GPUAdapterInfo) => /^null/i.test(info.description) || /^null/i.test(info.device);

const describeAdapter = (adapter: GPUAdapter): AdapterReport => report(adapter.info, adapter);

function report(info: GPUAdapterInfo, { features, limits }: Pick<GPUAdapter, 'features' | 'limits'>): AdapterReport {
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    software: SOFTWARE.test(names) || info.isFallbackAdapter === true,
    subgroupSize: info.subgroupMinSize === info.subgroupMaxSize ? info.subgroupMinSize : undefined,
    features: [...features].sort(),
    limits: Object.fromEntries(USEFUL_LIMITS.map((limit) => [limit, limits[limit] as number])),
  };
}

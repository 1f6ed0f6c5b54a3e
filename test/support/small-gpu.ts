import { BUFFER_USAGE } from '../../src/gpu/flags';

/** Memory errors of a device as WebGPU tells them: to the innermost scope for them, or to no one in particular. */
interface Scope {
  readonly filter: GPUErrorFilter;
  error?: GPUError;
}

/** `device` as if its memory were `most` bytes: a buffer above that is none, as on a GPU that has no more. */
export function withMemory(device: GPUDevice, most: number): GPUDevice {
  const scopes: Scope[] = [];
  let used = 0;

  function createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    if (used + descriptor.size > most) return noBuffer(descriptor);
    const buffer = device.createBuffer(descriptor);
    used += descriptor.size;
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      used -= descriptor.size;
      return destroy();
    };
    return buffer;
  }

  function noBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    const error = new GPUOutOfMemoryError('not enough memory left');
    const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory');
    if (scope) scope.error ??= error;
    else queueMicrotask(() => device.onuncapturederror?.({ error } as unknown as GPUUncapturedErrorEvent));
    return invalidBuffer(device, descriptor);
  }

  const own: Partial<Record<keyof GPUDevice, unknown>> = {
    createBuffer,
    pushErrorScope(filter: GPUErrorFilter) {
      scopes.push({ filter });
      device.pushErrorScope(filter);
    },
    async popErrorScope() {
      const { error } = scopes.pop()!;
      const real = await device.popErrorScope();
      return error ?? real;
    },
  };
  return new Proxy(device, {
    get(target, name: keyof GPUDevice) {
      const value = own[name] ?? target[name];
      return typeof value === 'function' && !(name in own) ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** What a driver returns where it can make no buffer: whatever uses it is refused. */
function invalidBuffer(device: GPUDevice, { label, size }: GPUBufferDescriptor): GPUBuffer {
  device.pushErrorScope('validation');
  const buffer = device.createBuffer({ label, size, usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.STORAGE });
  void device.popErrorScope();
  return buffer;
}

import { PyramidFlowError } from '../core/errors';
import type { AdapterReport, Device } from './device';
import type { BufferSlice, KernelCall, KernelSource } from './kernel';
import { KernelCache } from './kernel-cache';
import { BufferPool } from './pool';
import { DispatchTimer } from './timer';

/** What the runtime has done so far. */
export interface WorkCount {
  dispatches: number;
  passes: number;
  submits: number;
  bindGroups: number;
  pipelines: number;
}

const MAP_READ = 0x01; // GPUBufferUsage and GPUMapMode: the globals are missing where WebGPU is not built in
const COPY_DST = 0x08;
const MOST_POOLED = 512 * 2 ** 20;

/**
 * Runs kernels: records them into one command buffer until `flush`, hands out memory, reads results back.
 * Everything recorded runs in the order of the calls.
 */
export class Runtime {
  readonly device: GPUDevice;
  readonly adapter: AdapterReport;
  readonly memory: BufferPool;
  /** Variants of kernels that a tuner chose for this adapter, by what they are of; operations choose where it says nothing. */
  readonly choices = new Map<string, string>();
  /** Set to a timer to time every dispatch in a pass of its own; a measurement, not a way to run. */
  timer: DispatchTimer | undefined;
  private readonly kernels: KernelCache;
  private readonly work = { dispatches: 0, passes: 0, submits: 0 };
  private rehearsed: Promise<void>[] | undefined;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private checks: Promise<void> = Promise.resolve();
  private failure: PyramidFlowError | undefined;
  private staging: GPUBuffer[] = [];

  constructor({ device, adapter }: Device) {
    this.device = device;
    this.adapter = adapter;
    this.memory = new BufferPool(device, adapter.limits.maxStorageBufferBindingSize);
    this.kernels = new KernelCache(device);
    device.lost.then(({ reason, message }) => {
      if (reason === 'destroyed') return;
      this.failure ??= new PyramidFlowError(
        'DeviceError',
        `the GPU device was lost (${message || reason})`,
        'start again; if it happens again, use smaller images or a smaller batch, or update the driver',
      );
    });
    device.onuncapturederror = ({ error }) => this.fail(error);
  }

  /** Records one dispatch of `kernel`. */
  run<T extends string, U extends string, C extends string>(
    kernel: KernelSource<T, U, C>,
    call: KernelCall<T, U, C>,
  ): void {
    this.throwFailure();
    this.checkGrid(kernel.name, call.grid);
    if (this.rehearsed) {
      this.rehearsed.push(this.compile(kernel, call.constants));
      return;
    }
    const encoder = this.begin();
    const { pipeline, bindGroup } = this.kernels.prepare(kernel, call);
    this.work.dispatches++;
    const timed = this.timer?.passFor(kernel.name);
    if (timed) this.endPass();
    this.pass ??= this.startPass(encoder, timed);
    this.pass.setPipeline(pipeline);
    this.pass.setBindGroup(0, bindGroup);
    this.pass.dispatchWorkgroups(...call.grid);
    if (timed) this.endPass();
  }

  /** Makes a pipeline ready ahead of its first call, off the main thread where the platform can. */
  compile(kernel: KernelSource, constants: Readonly<Record<string, number>> = {}): Promise<void> {
    return this.kernels.compile(kernel, constants);
  }

  /**
   * Compiles in parallel what `work`, which must not be asynchronous, would run. No kernel runs and nothing is copied; what
   * `work` writes is written, since it may keep tables for later.
   */
  async rehearse(work: () => void): Promise<void> {
    const compiled: Promise<void>[] = (this.rehearsed = []);
    try {
      work();
    } finally {
      this.rehearsed = undefined;
    }
    await Promise.all(compiled);
    this.throwFailure();
  }

  /** Writes `data` at the start of `slice`; what was recorded before is submitted first, so it sees the old contents. */
  write(slice: BufferSlice, data: ArrayBufferView): void {
    this.flush();
    this.device.queue.writeBuffer(slice.buffer, slice.offset, data.buffer, data.byteOffset, data.byteLength);
  }

  copy(from: BufferSlice, to: BufferSlice): void {
    this.record((encoder) => encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size));
  }

  /** Records what is no kernel, such as a copy from a texture or a render pass. */
  record(commands: (encoder: GPUCommandEncoder) => void): void {
    this.throwFailure();
    if (this.rehearsed) return;
    const encoder = this.begin();
    this.endPass();
    commands(encoder);
  }

  /** The bytes of `slice` as they are after everything recorded so far. Submits; resolves when the GPU is done. */
  async read(slice: BufferSlice): Promise<ArrayBuffer> {
    const size = Math.ceil(slice.size / 4) * 4;
    const target = this.takeStaging(size);
    this.copy({ ...slice, size }, { buffer: target, offset: 0, size });
    this.flush();
    try {
      await target.mapAsync(MAP_READ, 0, size);
    } catch (cause) {
      await this.checks;
      this.throwFailure();
      throw cause;
    }
    const bytes = target.getMappedRange(0, size).slice(0, slice.size);
    target.unmap();
    this.staging.push(target);
    await this.checks;
    this.throwFailure();
    return bytes;
  }

  /** Submits what was recorded. */
  flush(): void {
    if (!this.encoder) return;
    this.endPass();
    this.timer?.resolve(this.encoder);
    this.device.queue.submit([this.encoder.finish()]);
    this.encoder = undefined;
    this.work.submits++;
    const scopes = [this.device.popErrorScope(), this.device.popErrorScope()];
    this.checks = Promise.all([this.checks, ...scopes]).then(
      ([, ...errors]) => errors.forEach((error) => error && this.fail(error)),
      () => undefined, // a lost device answers no scope; `lost` reports it
    );
  }

  /** Resolves when the GPU has finished everything recorded so far. Throws what went wrong. */
  async finish(): Promise<void> {
    this.flush();
    await this.device.queue.onSubmittedWorkDone();
    await this.checks;
    this.throwFailure();
  }

  counts(): WorkCount {
    return { ...this.work, ...this.kernels.counts() };
  }

  /** Whether the device was lost or has refused a command: from then on every call throws that error. */
  get failed(): boolean {
    return this.failure !== undefined;
  }

  /**
   * Gives memory that no tensor holds back to the driver, once more than `above` bytes of it are pooled: every size of
   * picture leaves buffers of its own.
   */
  trim(above = MOST_POOLED): void {
    if (this.memory.use().pooled <= above) return;
    this.flush(); // what is recorded still needs it
    this.memory.trim();
    this.kernels.forgetBindGroups();
  }

  destroy(): void {
    this.memory.trim();
    this.device.destroy();
  }

  private begin(): GPUCommandEncoder {
    if (!this.encoder) {
      this.device.pushErrorScope('out-of-memory');
      this.device.pushErrorScope('validation');
      this.encoder = this.device.createCommandEncoder({ label: `submit ${this.work.submits + 1}` });
    }
    return this.encoder;
  }

  private startPass(encoder: GPUCommandEncoder, descriptor?: GPUComputePassDescriptor): GPUComputePassEncoder {
    this.work.passes++;
    return encoder.beginComputePass(descriptor);
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = undefined;
  }

  private takeStaging(size: number): GPUBuffer {
    const at = this.staging.findIndex((buffer) => buffer.size === size);
    if (at >= 0) return this.staging.splice(at, 1)[0];
    return this.device.createBuffer({ label: `staging ${size}`, size, usage: MAP_READ | COPY_DST });
  }

  private checkGrid(kernel: string, grid: readonly number[]): void {
    const limit = this.adapter.limits.maxComputeWorkgroupsPerDimension;
    if (grid.every((size) => Number.isInteger(size) && size > 0 && size <= limit)) return;
    throw new PyramidFlowError(
      'DeviceError',
      `kernel ${kernel} would need a grid of ${grid.join(' x ')} workgroups, this adapter allows 1 to ${limit} each way`,
      'use smaller images or a smaller batch',
    );
  }

  private fail(error: GPUError): void {
    this.failure ??= new PyramidFlowError(
      'DeviceError',
      `the GPU refused a command: ${error.message.trim()}`,
      'run `pyramidflow doctor`; if it finds nothing, please report this message',
    );
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure;
  }
}

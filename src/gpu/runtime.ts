import type { AdapterReport, Device } from './device';
import { destroyedError, gridTooLarge } from './device-errors';
import { Faults } from './faults';
import { MAP_MODE } from './flags';
import { type BufferSlice, checkCall, checkConstants, type KernelCall, type KernelSource } from './kernel';
import { KernelCache } from './kernel-cache';
import { BufferPool, MOST_POOLED } from './pool';
import { StagingBuffers } from './staging';
import type { DispatchTimer } from './timer';

/** What the runtime has done so far, and what it keeps for later. */
export interface WorkCount {
  dispatches: number;
  passes: number;
  submits: number;
  bindGroups: number;
  pipelines: number;
  uniformBuffers: number;
  stagingBuffers: number;
}

/**
 * Runs kernels: records them into one command buffer until `flush`, hands out memory, reads results back.
 * Everything recorded runs in the order of the calls. After the first thing that goes wrong (a command that was refused, no
 * memory left, a device that was lost or destroyed) every call throws it, a DeviceError; another runtime is not affected.
 */
export class Runtime {
  readonly device: GPUDevice;
  readonly adapter: AdapterReport;
  readonly memory: BufferPool;
  /** What has gone wrong. */
  readonly faults: Faults;
  /** Variants of kernels that a tuner chose for this adapter, by what they are of; operations choose where it says nothing. */
  readonly choices = new Map<string, string>();
  /** Set to a timer to time every dispatch in a pass of its own; a measurement, not a way to run. */
  timer: DispatchTimer | undefined;
  private readonly kernels: KernelCache;
  private readonly work = { dispatches: 0, passes: 0, submits: 0 };
  private rehearsed: Promise<void>[] | undefined;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private readonly staging: StagingBuffers;

  constructor({ device, adapter }: Device) {
    this.device = device;
    this.adapter = adapter;
    this.faults = new Faults(device, () => this.memory.use());
    this.memory = new BufferPool(this.faults, adapter.limits.maxStorageBufferBindingSize, () => this.trim(0));
    this.kernels = new KernelCache(device, this.faults);
    this.staging = new StagingBuffers(this.faults);
  }

  /** Records one dispatch of `kernel`. */
  run<T extends string, U extends string, C extends string>(kernel: KernelSource<T, U, C>, call: KernelCall<T, U, C>): void {
    this.faults.throwIfAny();
    this.checkGrid(kernel.name, call.grid);
    checkCall(kernel, call);
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
  async compile(kernel: KernelSource, constants: Readonly<Record<string, number>> = {}): Promise<void> {
    this.faults.throwIfAny();
    checkConstants(kernel, constants);
    return this.kernels.compile(kernel, constants);
  }

  /**
   * Compiles in parallel what `work`, which must not be asynchronous, would run. No kernel runs and nothing is copied; what
   * `work` writes is written, since it may keep tables for later. Throws DeviceError; of a kernel that does not compile it says
   * the name.
   */
  async rehearse(work: () => void): Promise<void> {
    this.faults.throwIfAny();
    const compiled: Promise<void>[] = (this.rehearsed = []);
    try {
      work();
    } catch (error) {
      void Promise.allSettled(compiled); // no one else waits for them
      throw error;
    } finally {
      this.rehearsed = undefined;
    }
    await Promise.all(compiled);
    await this.faults.settled();
  }

  /** Writes `data` at the start of `slice`; what was recorded before is submitted first, so it sees the old contents. */
  write(slice: BufferSlice, data: ArrayBufferView): void {
    this.flush();
    this.writeAhead(slice, data);
  }

  /**
   * Writes `data` at the start of `slice` ahead of all that is recorded and not yet submitted, none of which may use the
   * slice; what is recorded stays one submit.
   */
  writeAhead(slice: BufferSlice, data: ArrayBufferView): void {
    const { buffer, byteOffset, byteLength } = data;
    this.faults.watched('take data', () =>
      this.device.queue.writeBuffer(slice.buffer, slice.offset, buffer, byteOffset, byteLength),
    );
  }

  copy(from: BufferSlice, to: BufferSlice): void {
    this.record((encoder) => encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size));
  }

  /** Records what is no kernel, such as a copy from a texture or a render pass. */
  record(commands: (encoder: GPUCommandEncoder) => void): void {
    this.faults.throwIfAny();
    if (this.rehearsed) return;
    const encoder = this.begin();
    this.endPass();
    commands(encoder);
  }

  /**
   * The bytes of `slice` as they are after everything recorded so far. Submits; resolves when the GPU is done, and only where
   * nothing has gone wrong until then.
   */
  async read(slice: BufferSlice): Promise<ArrayBuffer> {
    this.faults.throwIfAny();
    const size = Math.ceil(slice.size / 4) * 4;
    const target = this.staging.take(size);
    this.copy({ ...slice, size }, { buffer: target, offset: 0, size });
    this.flush();
    try {
      await this.faults.watched('give a result back', () => target.mapAsync(MAP_MODE.READ, 0, size));
      const bytes = target.getMappedRange(0, size).slice(0, slice.size);
      target.unmap();
      await this.faults.settled();
      this.staging.giveBack(target);
      return bytes;
    } catch (cause) {
      target.destroy();
      await this.faults.settled();
      throw await this.faults.explain('give a result back', cause);
    }
  }

  /** Submits what was recorded. */
  flush(): void {
    this.faults.throwIfAny();
    const { encoder } = this;
    if (!encoder) return;
    this.endPass();
    this.timer?.resolve(encoder);
    this.encoder = undefined;
    this.work.submits++;
    try {
      this.faults.attempt('take commands', () => this.device.queue.submit([encoder.finish()]));
    } finally {
      this.faults.unwatch();
    }
    this.kernels.submitted();
  }

  /** Resolves when the GPU has finished everything recorded so far. Throws what went wrong. */
  async finish(): Promise<void> {
    this.flush();
    try {
      await this.device.queue.onSubmittedWorkDone();
    } catch (cause) {
      throw await this.faults.explain('finish its work', cause);
    }
    await this.faults.settled();
  }

  counts(): WorkCount {
    return { ...this.work, ...this.kernels.counts(), stagingBuffers: this.staging.count };
  }

  /** Whether something has gone wrong: from then on every call throws it. */
  get failed(): boolean {
    return this.faults.any;
  }

  /**
   * Gives memory that no tensor holds back to the driver, once more than `above` bytes of it are pooled: every size of
   * picture leaves buffers of its own. After a failure it throws nothing, so that all can be cleared away.
   */
  trim(above = MOST_POOLED): void {
    if (this.memory.use().pooled <= above) return;
    if (!this.failed) this.flush(); // what is recorded still needs it; after a failure it is never submitted
    this.memory.trim();
    this.kernels.forgetBindGroups();
  }

  /** Frees everything on the device. Whatever is under way, and every later call, ends with a DeviceError. */
  destroy(): void {
    this.faults.keep(destroyedError());
    this.memory.trim();
    this.device.destroy();
  }

  private begin(): GPUCommandEncoder {
    if (!this.encoder) {
      this.faults.watch();
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

  private checkGrid(kernel: string, grid: readonly number[]): void {
    const limit = this.adapter.limits.maxComputeWorkgroupsPerDimension;
    if (grid.every((size) => Number.isInteger(size) && size > 0 && size <= limit)) return;
    throw gridTooLarge(kernel, grid, limit);
  }
}

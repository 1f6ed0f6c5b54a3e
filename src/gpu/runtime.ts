import type { PyramidFlowError } from '../core/errors';
import type { AdapterReport, Device } from './device';
import { disposedError, gridTooLarge } from './device-errors';
import { Faults } from './faults';
import { MAP_MODE } from './flags';
import type { BufferSlice, KernelCall, KernelSource } from './kernel';
import { type AuthorHelp, KernelCache } from './kernel-cache';
import { BufferPool, MOST_POOLED } from './pool';
import type { Tally } from './profile';
import { StagingBuffers } from './staging';
import type { DispatchTimer } from './timer';
import { workspaceFor } from './workspace';

/** What a runtime has done so far, and how many objects it keeps. */
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
 * Runs kernels: records them into one command buffer until `flush`, allocates memory, and reads results back. Everything recorded
 * runs in the order of the calls.
 *
 * After the first error (a command that the driver refuses, out of memory, a device that is lost or disposed) every call
 * throws that DeviceError. Other runtimes are not affected.
 *
 * A kernel that does not compile is not among these errors. `compile` and `rehearse` throw it, and nothing else happens. Where it is
 * run without them, everything that is submitted together with it is lost: whatever is read then, or already under way, rejects with
 * its error, at least once, and later runs of the kernel throw it. Then work goes on.
 *
 * @example
 * const gpu = new Runtime(await requestDevice(navigator.gpu));
 * gpu.run(blurKernel, { tensors: { x, y }, uniforms: { height, width }, grid: [Math.ceil(width / 64), height, planes] });
 * const values = await y.read();
 */
export class Runtime {
  readonly device: GPUDevice;
  readonly adapter: AdapterReport;
  readonly memory: BufferPool;
  /** @internal the errors of the device */
  readonly faults: Faults;
  /** Variants of kernels that a tuner chose for this adapter, by the name of the choice. Operations choose the others themselves. */
  readonly choices = new Map<string, string>();
  /**
   * The most bytes that a convolution takes for intermediate results: more means fewer dispatches. Up to 16 MiB, training also saves
   * memory at the finest level, and takes a little longer for it. Default `workspaceFor` the adapter.
   */
  workspace: number;
  /** @internal a timer for which every dispatch gets a pass of its own; for measurements only, since it is slow */
  timer: DispatchTimer | undefined;
  private readonly kernels: KernelCache;
  private readonly work = { dispatches: 0, passes: 0, submits: 0 };
  private rehearsed: Promise<void>[] | undefined;
  /** counts dispatches, during a profile */
  protected tally: Tally | undefined;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  /** what the pass has set */
  private pipeline: GPUComputePipeline | undefined;
  private bindGroup: GPUBindGroup | undefined;
  private readonly doubts = new Set<Promise<PyramidFlowError | undefined>>();
  private readonly staging: StagingBuffers;

  /** @param help for those who write kernels, see `Gpu` */
  constructor(
    { device, adapter }: Device,
    private readonly help?: AuthorHelp,
  ) {
    this.device = device;
    this.adapter = adapter;
    this.workspace = workspaceFor(adapter);
    this.faults = new Faults(device, () => this.memory.use());
    this.memory = new BufferPool(this.faults, adapter.limits.maxStorageBufferBindingSize!, () => this.trim(0));
    this.kernels = new KernelCache(device, this.faults, help);
    this.staging = new StagingBuffers(this.faults);
  }

  /**
   * Records one dispatch of `kernel`.
   *
   * @throws PyramidFlowError UsageError for a kernel known not to compile and, by a `Gpu`, for missing, unknown or unfit arguments;
   *   DeviceError for a grid beyond the adapter's limit
   */
  run<T extends string, U extends string, C extends string>(kernel: KernelSource<T, U, C>, call: KernelCall<T, U, C>): void {
    this.faults.throwIfAny();
    this.checkGrid(kernel.name, call.grid);
    this.help?.checkCall(kernel, call);
    if (this.rehearsed) {
      this.rehearsed.push(this.compile(kernel, call.constants));
      return;
    }
    const encoder = this.begin();
    const { pipeline, bindGroup, doubt } = this.kernels.prepare(kernel, call);
    if (doubt) this.doubts.add(doubt);
    this.work.dispatches++;
    this.tally?.add(kernel.name, call.tensors);
    const timed = this.timer?.passFor(kernel.name);
    if (timed) this.endPass();
    this.pass ??= this.startPass(encoder, timed);
    if (pipeline !== this.pipeline) this.pass.setPipeline((this.pipeline = pipeline));
    if (bindGroup !== this.bindGroup) this.pass.setBindGroup(0, (this.bindGroup = bindGroup));
    const [x, y, z] = call.grid;
    this.pass.dispatchWorkgroups(x, y, z);
    if (timed) this.endPass();
  }

  /**
   * Compiles a pipeline before its first call, off the main thread if the platform can.
   *
   * @throws PyramidFlowError UsageError for unknown or unfit constants, and for a kernel made by `kernel` that does not compile, with
   *   the place in its text; DeviceError for one of this package
   */
  async compile(kernel: KernelSource, constants: Readonly<Record<string, number>> = {}): Promise<void> {
    this.faults.throwIfAny();
    this.help?.checkConstants(kernel, constants);
    return this.kernels.compile(kernel, constants);
  }

  /**
   * Compiles in parallel all kernels that `work` would run. No kernel runs and nothing is copied. Writes do happen, since `work` may
   * keep tables for later.
   *
   * @param work synchronous
   * @throws PyramidFlowError as `compile` does
   */
  async rehearse(work: () => void): Promise<void> {
    this.faults.throwIfAny();
    const compiled: Promise<void>[] = (this.rehearsed = []);
    try {
      work();
    } catch (error) {
      void Promise.allSettled(compiled); // nobody else handles their rejections
      throw error;
    } finally {
      this.rehearsed = undefined;
    }
    await Promise.all(compiled);
    await this.faults.settled();
  }

  /** Writes `data` to the start of `slice`, after submitting all recorded commands, which still see the old contents. */
  write(slice: BufferSlice, data: ArrayBufferView): void {
    this.flush();
    this.writeAhead(slice, data);
  }

  /**
   * Writes `data` to the start of `slice` ahead of all commands that are recorded but not submitted, and without submitting them.
   * None of them may use the slice.
   */
  writeAhead(slice: BufferSlice, data: ArrayBufferView): void {
    this.faults.throwIfAny();
    const { buffer, byteOffset, byteLength } = data;
    this.faults.watched('take data', () =>
      this.device.queue.writeBuffer(slice.buffer, slice.offset, buffer, byteOffset, byteLength),
    );
  }

  /** Records a copy of bytes between buffers; both slices have one size. */
  copy(from: BufferSlice, to: BufferSlice): void {
    this.encode((encoder) => encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size));
  }

  /** Records commands other than kernels, such as a copy from a texture or a render pass. */
  encode(commands: (encoder: GPUCommandEncoder) => void): void {
    this.faults.throwIfAny();
    if (this.rehearsed) return;
    const encoder = this.begin();
    this.endPass();
    commands(encoder);
  }

  /**
   * The bytes of `slice` after everything recorded so far has run. Submits.
   *
   * @throws PyramidFlowError DeviceError if anything has gone wrong until then
   */
  async read(slice: BufferSlice): Promise<ArrayBuffer> {
    this.faults.throwIfAny();
    const size = Math.ceil(slice.size / 4) * 4;
    const target = this.staging.take(size);
    this.copy({ ...slice, size }, { buffer: target, offset: 0, size });
    this.flush();
    const expected = this.faults.expectation(this.work.submits);
    let bytes: ArrayBuffer;
    try {
      await this.faults.watched('give a result back', () => target.mapAsync(MAP_MODE.READ, 0, size));
      bytes = target.getMappedRange(0, size).slice(0, slice.size);
      target.unmap();
    } catch (cause) {
      target.destroy();
      await expected();
      throw await this.faults.explain('give a result back', cause);
    }
    this.staging.giveBack(target);
    await expected();
    return bytes;
  }

  /** Submits everything recorded. */
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
      this.faults.unwatch({ doubts: [...this.doubts], submit: this.work.submits });
      this.doubts.clear();
    }
    this.kernels.submitted();
  }

  /** Submits, and resolves when the GPU has finished. Rejects with the first error. */
  async finish(): Promise<void> {
    this.flush();
    const expected = this.faults.expectation(this.work.submits);
    try {
      await this.device.queue.onSubmittedWorkDone();
    } catch (cause) {
      throw await this.faults.explain('finish its work', cause);
    }
    await expected();
  }

  /** Counters, for tests and measurements. */
  counts(): WorkCount {
    return { ...this.work, ...this.kernels.counts(), stagingBuffers: this.staging.count };
  }

  /** Whether an error has occurred, which every later call throws. */
  get failed(): boolean {
    return this.faults.any;
  }

  /**
   * Frees pooled memory if there is more than `above` bytes of it: every image size leaves its own buffers. It does not throw
   * after a failure, so that everything can be cleaned up.
   *
   * @param above bytes; default 512 MiB
   */
  trim(above = MOST_POOLED): void {
    if (this.memory.use().pooled <= above) return;
    if (!this.failed) this.flush(); // recorded commands still use it; after a failure they are never submitted
    this.memory.trim();
    this.kernels.forgetBindGroups();
  }

  /** Destroys the device and all its memory. Pending and later calls fail with a DeviceError. */
  dispose(): void {
    this.faults.keep(disposedError());
    this.memory.trim();
    this.device.destroy();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
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
    this.pass = this.pipeline = this.bindGroup = undefined;
  }

  private checkGrid(kernel: string, grid: readonly number[]): void {
    const limit = this.adapter.limits.maxComputeWorkgroupsPerDimension;
    if (grid.every((size) => Number.isInteger(size) && size > 0 && size <= limit!)) return;
    throw gridTooLarge(kernel, grid, limit!);
  }
}

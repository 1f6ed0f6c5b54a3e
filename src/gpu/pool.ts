import { tooLarge } from './device-errors';
import type { Faults } from './faults';
import { BUFFER_USAGE } from './flags';

/** GPU memory of tensors, in bytes. */
export interface MemoryUse {
  /** in use by tensors */
  readonly live: number;
  /** freed, and kept for the next tensors of the same size */
  readonly pooled: number;
  /** the most that was live at once since the last `resetPeak` */
  readonly peak: number;
  /** the most that was live or pooled at once since the last `resetPeak` */
  readonly peakReserved: number;
}

const ALIGNMENT = 256; // of storage bindings
const STORAGE_COPY = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST;

/** The most pooled memory that `Runtime.trim` keeps by default, in bytes. */
export const MOST_POOLED = 512 * 2 ** 20;

/**
 * Storage buffers, reused by exact size. The oldest free buffer is reused first, so that a step which allocates in the same order as
 * the previous one gets the same buffers, and needs no new bind groups.
 */
export class BufferPool {
  private readonly free = new Map<number, GPUBuffer[]>(); // youngest first
  private readonly ages = new WeakMap<GPUBuffer, number>();
  private made = 0;
  private live = 0;
  private pooled = 0;
  private peak = 0;
  private peakReserved = 0;
  private most = 0;

  /** @param makeRoom submits what is recorded, so that nothing needs the pooled buffers, and calls `trim` */
  constructor(
    private readonly faults: Pick<Faults, 'createBuffer' | 'throwIfAny'>,
    private readonly maxBytes: number,
    private readonly makeRoom: () => void,
  ) {}

  /**
   * A buffer of at least `bytes`, with undefined contents. If the GPU is out of memory, later calls of the runtime throw it, since
   * drivers report it asynchronously.
   *
   * @throws PyramidFlowError DeviceError above the adapter's limit
   */
  acquire(bytes: number, label: string): GPUBuffer {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    this.faults.throwIfAny();
    if (size > this.maxBytes) throw tooLarge({ label: `tensor ${label}`, bytes }, this.maxBytes);
    const reused = this.free.get(size)?.pop();
    const buffer = reused ?? this.create(size, label);
    if (reused) this.pooled -= size;
    this.live += size;
    this.most = Math.max(this.most, this.live);
    this.peak = Math.max(this.peak, this.live);
    this.peakReserved = Math.max(this.peakReserved, this.live + this.pooled);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    const list = this.free.get(buffer.size) ?? [];
    this.free.set(buffer.size, list);
    const age = this.ages.get(buffer)!;
    const older = list.findIndex((other) => this.ages.get(other)! < age);
    list.splice(older < 0 ? list.length : older, 0, buffer);
    this.live -= buffer.size;
    this.pooled += buffer.size;
  }

  /** Destroys all pooled buffers. No recorded command may still use them. */
  trim(): void {
    for (const list of this.free.values()) for (const buffer of list) buffer.destroy();
    this.free.clear();
    this.pooled = 0;
  }

  use(): MemoryUse {
    return { live: this.live, pooled: this.pooled, peak: this.peak, peakReserved: this.peakReserved };
  }

  resetPeak(): void {
    this.peak = this.live;
    this.peakReserved = this.live + this.pooled;
  }

  /**
   * WebGPU reports out of memory too late, and never how much memory there is. So live and pooled memory together stay within twice
   * the most that was ever live, plus MOST_POOLED: above that, pooled buffers of sizes no longer in use are destroyed first. A
   * repeated step reuses its buffers and never comes here.
   */
  private create(size: number, label: string): GPUBuffer {
    const wanted = this.live + size;
    if (wanted + this.pooled > 2 * Math.max(this.most, wanted) + MOST_POOLED) this.makeRoom();
    const buffer = this.faults.createBuffer({ label: `pool ${size}`, size, usage: STORAGE_COPY }, `tensor ${label}`);
    this.ages.set(buffer, this.made++);
    return buffer;
  }
}

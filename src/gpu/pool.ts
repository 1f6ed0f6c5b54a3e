import { tooLarge } from './device-errors';
import type { Faults } from './faults';
import { BUFFER_USAGE } from './flags';

/** Bytes of GPU memory, as the pool hands them out. */
export interface MemoryUse {
  /** held by tensors now */
  readonly live: number;
  /** freed, kept for the next tensor of that size */
  readonly pooled: number;
  /** most that was live at once since the last `resetPeak` */
  readonly peak: number;
  /** most that was live and pooled at once since the last `resetPeak` */
  readonly peakReserved: number;
}

const ALIGNMENT = 256; // of storage bindings: slices of a buffer then start where a binding may start
const STORAGE_COPY = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST;

/** Freed memory that is worth keeping, in bytes. */
export const MOST_POOLED = 512 * 2 ** 20;

/**
 * Storage buffers by exact size. Of those that are free the oldest is handed out, so that a step which asks in the same order
 * as the one before gets the same buffers, and needs no new bind groups.
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

  /** @param makeRoom calls `trim` once nothing that is recorded needs what is pooled */
  constructor(
    private readonly faults: Pick<Faults, 'createBuffer' | 'throwIfAny'>,
    private readonly maxBytes: number,
    private readonly makeRoom: () => void,
  ) {}

  /**
   * A buffer of at least `bytes`; what it holds is undefined. Throws DeviceError above the adapter's limit. That the GPU has no
   * memory left is known later: the runtime's next calls throw it.
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

  /** Gives pooled buffers back to the driver. Nothing recorded may still need them. */
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
   * WebGPU says too late that memory is out, and never how much there is. So what is held stays within twice what was ever
   * live, and a little: above that, sizes that are not coming back have piled up, and they make room first. A step that is
   * repeated makes no buffers and never comes here.
   */
  private create(size: number, label: string): GPUBuffer {
    const wanted = this.live + size;
    if (wanted + this.pooled > 2 * Math.max(this.most, wanted) + MOST_POOLED) this.makeRoom();
    const buffer = this.faults.createBuffer({ label: `pool ${size}`, size, usage: STORAGE_COPY }, `tensor ${label}`);
    this.ages.set(buffer, this.made++);
    return buffer;
  }
}

import { PyramidFlowError } from '../core/errors';

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
const STORAGE_COPY = 0x80 | 0x04 | 0x08; // STORAGE | COPY_SRC | COPY_DST

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

  constructor(
    private readonly device: GPUDevice,
    private readonly maxBytes: number,
  ) {}

  /** A buffer of at least `bytes`; what it holds is undefined. Throws DeviceError above the adapter's limit. */
  acquire(bytes: number, label: string): GPUBuffer {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    if (size > this.maxBytes) {
      throw new PyramidFlowError(
        'DeviceError',
        `tensor ${label} needs ${bytes} bytes, more than the ${this.maxBytes} that this adapter can bind`,
        'use smaller images, a smaller batch or fewer channels',
      );
    }
    const reused = this.free.get(size)?.pop();
    const buffer = reused ?? this.create(size);
    if (reused) this.pooled -= size;
    this.live += size;
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

  private create(size: number): GPUBuffer {
    const buffer = this.device.createBuffer({ label: `pool ${size}`, size, usage: STORAGE_COPY });
    this.ages.set(buffer, this.made++);
    return buffer;
  }
}

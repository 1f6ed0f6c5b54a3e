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

/** The memory of all tensors of one label. */
export interface LabelUse {
  readonly label: string;
  readonly bytes: number;
  readonly count: number;
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
  private readonly labels = new WeakMap<GPUBuffer, string>();
  private readonly uses = new Map<string, { bytes: number; count: number }>(); // live, by label
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
    this.labels.set(buffer, label);
    this.count(label, size, 1);
    if (reused) this.pooled -= size;
    this.live += size;
    this.most = Math.max(this.most, this.live);
    this.peak = Math.max(this.peak, this.live);
    this.peakReserved = Math.max(this.peakReserved, this.live + this.pooled);
    return buffer;
  }

  /** Takes back a buffer that `acquire` gave, for the next of its size. */
  release(buffer: GPUBuffer): void {
    this.count(this.labels.get(buffer)!, -buffer.size, -1);
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

  /** What is used now, and the most that was. */
  use(): MemoryUse {
    return { live: this.live, pooled: this.pooled, peak: this.peak, peakReserved: this.peakReserved };
  }

  /**
   * What lives, by the label of the tensors without their shapes, the largest first. Views are part of the tensor they are of.
   *
   * @example
   * for (const { label, bytes, count } of gpu.memory.byLabel()) console.log(label, bytes, count);
   */
  byLabel(): LabelUse[] {
    const uses = new Map<string, { bytes: number; count: number }>();
    for (const [text, { bytes, count }] of this.uses) {
      const label = text.replace(/ \[[\d, ]*\]$/, '');
      const before = uses.get(label) ?? { bytes: 0, count: 0 };
      uses.set(label, { bytes: before.bytes + bytes, count: before.count + count });
    }
    return Array.from(uses, ([label, use]) => ({ label, ...use })).sort((a, b) => b.bytes - a.bytes);
  }

  /** Lets the peaks of `use` begin anew. */
  resetPeak(): void {
    this.peak = this.live;
    this.peakReserved = this.live + this.pooled;
  }

  private count(label: string, bytes: number, count: number): void {
    const use = this.uses.get(label) ?? { bytes: 0, count: 0 };
    use.bytes += bytes;
    use.count += count;
    if (use.count > 0) this.uses.set(label, use);
    else this.uses.delete(label);
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

import type { Faults } from './faults';
import { BUFFER_USAGE } from './flags';

/** A step or a detection reads one to three sizes; keeping a few more means that none is allocated again. */
export const MOST_KEPT = 16;
export const MOST_KEPT_BYTES = 64 * 2 ** 20;

/** Mappable buffers to which results are copied to be read. The most recently used are kept. */
export class StagingBuffers {
  private readonly kept: GPUBuffer[] = []; // least recently used first
  private bytes = 0;

  constructor(private readonly faults: Faults) {}

  take(size: number): GPUBuffer {
    const at = this.kept.findIndex((buffer) => buffer.size === size);
    if (at < 0) {
      const usage = BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST;
      return this.faults.createBuffer({ label: `staging ${size}`, size, usage }, 'reading a result back');
    }
    this.bytes -= size;
    return this.kept.splice(at, 1)[0]!;
  }

  /** Takes back a buffer that is no longer mapped. A buffer whose mapping failed must be destroyed instead. */
  giveBack(buffer: GPUBuffer): void {
    if (buffer.size > MOST_KEPT_BYTES) {
      buffer.destroy();
      return;
    }
    this.kept.push(buffer);
    this.bytes += buffer.size;
    while (this.kept.length > MOST_KEPT || this.bytes > MOST_KEPT_BYTES) {
      const oldest = this.kept.shift()!;
      this.bytes -= oldest.size;
      oldest.destroy();
    }
  }

  get count(): number {
    return this.kept.length;
  }
}

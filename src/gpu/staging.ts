import type { Faults } from './faults';
import { BUFFER_USAGE } from './flags';

/** A step or a picture reads one to three sizes; with a few more kept, none of them is made anew. */
export const MOST_KEPT = 16;
export const MOST_KEPT_BYTES = 64 * 2 ** 20;

/** Buffers that results are copied to, to be read. Those of the last few sizes are kept. */
export class StagingBuffers {
  private readonly kept: GPUBuffer[] = []; // used longest ago first
  private bytes = 0;

  constructor(private readonly faults: Faults) {}

  take(size: number): GPUBuffer {
    const at = this.kept.findIndex((buffer) => buffer.size === size);
    if (at < 0) {
      const usage = BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST;
      return this.faults.createBuffer({ label: `staging ${size}`, size, usage }, 'reading a result back');
    }
    this.bytes -= size;
    return this.kept.splice(at, 1)[0];
  }

  /** Takes back a buffer that was read and is no longer mapped; one whose mapping failed is to be destroyed. */
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

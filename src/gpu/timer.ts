/** GPU time of every dispatch, summed by kernel, from timestamps around passes of one dispatch each. */
export class DispatchTimer {
  private readonly queries: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private readonly readable: GPUBuffer;
  private names: string[] = [];

  /** @param capacity most dispatches between two `collect`s, at most 2048 */
  constructor(
    device: GPUDevice,
    private readonly capacity = 2048,
  ) {
    const size = capacity * 16;
    this.queries = device.createQuerySet({ type: 'timestamp', count: capacity * 2 });
    this.resolved = device.createBuffer({ label: 'timestamps', size, usage: 0x200 | 0x04 }); // QUERY_RESOLVE | COPY_SRC
    this.readable = device.createBuffer({ label: 'timestamps read', size, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
  }

  passFor(kernel: string): GPUComputePassDescriptor {
    const at = this.names.length;
    if (at >= this.capacity) throw new RangeError(`more than ${this.capacity} dispatches were timed; collect more often`);
    this.names.push(kernel);
    const timestampWrites = { querySet: this.queries, beginningOfPassWriteIndex: 2 * at, endOfPassWriteIndex: 2 * at + 1 };
    return { label: kernel, timestampWrites };
  }

  resolve(encoder: GPUCommandEncoder): void {
    if (this.names.length === 0) return;
    encoder.resolveQuerySet(this.queries, 0, 2 * this.names.length, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, this.readable, 0, 16 * this.names.length);
  }

  /** Milliseconds and calls by kernel since the last collect. Call it after the runtime was flushed. */
  async collect(): Promise<Map<string, { calls: number; ms: number }>> {
    const names = this.names;
    this.names = [];
    const total = new Map<string, { calls: number; ms: number }>();
    if (names.length === 0) return total;
    await this.readable.mapAsync(0x01);
    const stamps = new BigUint64Array(this.readable.getMappedRange().slice(0, 16 * names.length));
    this.readable.unmap();
    names.forEach((name, i) => {
      const entry = total.get(name) ?? { calls: 0, ms: 0 };
      entry.calls++;
      entry.ms += Number(stamps[2 * i + 1] - stamps[2 * i]) / 1e6;
      total.set(name, entry);
    });
    return total;
  }
}

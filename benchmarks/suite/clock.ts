import type { Runtime } from '../../src/gpu/runtime';
import { DispatchTimer } from '../../src/gpu/timer';

/** `gpu`: the device's timestamps around all dispatches. `wall`: from recording to the end of the work. */
export type ClockKind = 'gpu' | 'wall';

/** Times everything between the start of the first dispatch and the end of the last, which alone have passes of their own. */
class SpanTimer extends DispatchTimer {
  private seen = 0;

  constructor(
    device: GPUDevice,
    private readonly dispatches: number,
  ) {
    super(device);
  }

  override passFor(kernel: string): GPUComputePassDescriptor | undefined {
    const at = this.seen++;
    return at === 0 || at === this.dispatches - 1 ? super.passFor(kernel) : undefined;
  }

  /** First and last timestamp, in ns. */
  async span(): Promise<[begin: bigint, end: bigint]> {
    if (this.seen !== this.dispatches)
      throw new Error(`${this.seen} dispatches instead of ${this.dispatches} were recorded`);
    const stamps = await this.stamps();
    return [stamps[0].begin, stamps.at(-1)!.end];
  }
}

/** The two clocks of a device, and how fine they have been seen to be. */
export class Clocks {
  readonly best: ClockKind;
  private step = 0n; // greatest common divisor of all timestamps seen

  constructor(private readonly gpu: Runtime) {
    this.best = gpu.adapter.features.includes('timestamp-query') ? 'gpu' : 'wall';
  }

  /** ms that `work` took; it records `dispatches` dispatches without submitting them (for the GPU's clock), or does anything. */
  time(kind: ClockKind, work: () => void | Promise<void>, dispatches: number): Promise<number> {
    return kind === 'gpu' ? this.onDevice(work, dispatches) : this.onWall(work);
  }

  /** ns between neighbouring readings of each clock. */
  granularity(): Partial<Record<ClockKind, number>> {
    return { wall: wallGranularity(), ...(this.step > 0n ? { gpu: Number(this.step) } : {}) };
  }

  private async onWall(work: () => void | Promise<void>): Promise<number> {
    const start = performance.now();
    await work();
    await this.gpu.finish();
    return performance.now() - start;
  }

  private async onDevice(work: () => void | Promise<void>, dispatches: number): Promise<number> {
    this.gpu.flush();
    const timer = new SpanTimer(this.gpu.device, dispatches);
    this.gpu.timer = timer;
    try {
      await work();
      this.gpu.flush();
    } finally {
      this.gpu.timer = undefined;
    }
    const [begin, end] = await timer.span();
    await this.gpu.finish();
    for (const stamp of [begin, end]) this.step = greatestCommonDivisor(this.step, stamp);
    return Number(end - begin) / 1e6;
  }
}

function wallGranularity(): number {
  let smallest = Infinity;
  for (let i = 0; i < 50; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    smallest = Math.min(smallest, now - start);
  }
  return Math.round(smallest * 1e6);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b) [a, b] = [b, a % b];
  return a;
}

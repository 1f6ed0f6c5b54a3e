import { brokenCall } from './device-errors';
import { BUFFER_USAGE, MAP_MODE } from './flags';

const PAGE = 2048; // dispatches per query set
const RESOLVED = BUFFER_USAGE.QUERY_RESOLVE | BUFFER_USAGE.COPY_SRC;
const READABLE = BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST;

/** Timestamps of up to PAGE dispatches. */
interface Page {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly readable: GPUBuffer;
  readonly names: string[];
  /** how many of them have commands that make their timestamps readable */
  done: number;
}

/** One dispatch, in ns of the device clock. */
interface Stamps {
  readonly name: string;
  readonly begin: bigint;
  readonly end: bigint;
}

/** Calls and GPU time of one kernel. */
export interface KernelTime {
  calls: number;
  ms: number;
}

/** The GPU time of every dispatch, from timestamps around passes of one dispatch each. */
export class DispatchTimer {
  private pages: Page[] = [];

  constructor(private readonly device: GPUDevice) {}

  /** The descriptor of a pass for the next dispatch alone; undefined if that dispatch is not timed. */
  passFor(kernel: string): GPUComputePassDescriptor | undefined {
    let page = this.pages.at(-1);
    if (!page || page.names.length === PAGE) this.pages.push((page = this.newPage()));
    const at = 2 * page.names.length;
    page.names.push(kernel);
    const timestampWrites = { querySet: page.queries, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
    return { label: kernel, timestampWrites };
  }

  /** Records the commands that make the timestamps readable. */
  resolve(encoder: GPUCommandEncoder): void {
    for (const page of this.pages) {
      const { queries, resolved, readable, names } = page;
      if (page.done === names.length) continue;
      page.done = names.length;
      encoder.resolveQuerySet(queries, 0, 2 * names.length, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16 * names.length);
    }
  }

  /** The time by kernel since the last `collect`. To be called after a flush of the runtime. */
  async collect(): Promise<Map<string, KernelTime>> {
    const total = new Map<string, KernelTime>();
    for (const { name, begin, end } of await this.stamps()) {
      const entry = total.get(name) ?? { calls: 0, ms: 0 };
      entry.calls++;
      entry.ms += Number(end - begin) / 1e6;
      total.set(name, entry);
    }
    return total;
  }

  /** When each dispatch since the last `collect` began and ended. */
  protected async stamps(): Promise<Stamps[]> {
    const all: Stamps[] = [];
    for (const { readable, names, queries, resolved } of this.pages) {
      await readable.mapAsync(MAP_MODE.READ).catch((cause) => {
        throw brokenCall('give its times back', cause);
      });
      const stamps = new BigUint64Array(readable.getMappedRange().slice(0, 16 * names.length));
      all.push(...names.map((name, i) => ({ name, begin: stamps[2 * i]!, end: stamps[2 * i + 1]! })));
      readable.destroy();
      resolved.destroy();
      queries.destroy();
    }
    this.pages = [];
    return all;
  }

  private newPage(): Page {
    const size = 16 * PAGE;
    return {
      queries: this.device.createQuerySet({ type: 'timestamp', count: 2 * PAGE }),
      resolved: this.device.createBuffer({ label: 'timestamps', size, usage: RESOLVED }),
      readable: this.device.createBuffer({ label: 'timestamps read', size, usage: READABLE }),
      names: [],
      done: 0,
    };
  }
}

import { type AdapterReport, adapterName } from './device';
import type { Bindable } from './kernel';
import type { KernelTime } from './timer';

export { DispatchTimer } from './timer';

/** What the calls of one kernel took. */
export interface KernelProfile {
  readonly name: string;
  readonly calls: number;
  /** on the GPU; undefined on an adapter without 'timestamp-query' */
  readonly ms: number | undefined;
  /** sizes of all tensors that the calls were given: what a kernel moves if it touches each element once */
  readonly bytes: number;
}

/** Counts dispatches. */
export class Tally {
  private readonly kernels = new Map<string, { calls: number; bytes: number }>();

  add(kernel: string, tensors: Readonly<Record<string, Bindable>>): void {
    const entry = this.kernels.get(kernel) ?? { calls: 0, bytes: 0 };
    this.kernels.set(kernel, entry);
    entry.calls++;
    for (const { slice } of Object.values(tensors)) entry.bytes += slice.size;
  }

  /** The most expensive first. */
  with(times: ReadonlyMap<string, KernelTime> | undefined): KernelProfile[] {
    const kernels = Array.from(this.kernels, ([name, count]) => ({ name, ...count, ms: times?.get(name)?.ms }));
    return kernels.sort((a, b) => (b.ms ?? b.bytes) - (a.ms ?? a.bytes));
  }
}

const HEAD = ['kernel', 'calls', 'ms', 'share', 'MB', 'GB/s'];

/**
 * What `Runtime.profile` measured. As a string it is a table.
 *
 * @typeParam T what the profiled work returned
 */
export class Profile<T = unknown> {
  /** everything together */
  readonly total: KernelProfile;

  constructor(
    private readonly adapter: AdapterReport,
    /** what the profiled work returned */
    readonly value: T,
    /** the most expensive first */
    readonly kernels: readonly KernelProfile[],
  ) {
    const sum = (of: 'calls' | 'bytes' | 'ms') => kernels.reduce((sum, kernel) => sum + (kernel[of] ?? 0), 0);
    const timed = kernels.every(({ ms }) => ms !== undefined);
    this.total = { name: 'total', calls: sum('calls'), ms: timed ? sum('ms') : undefined, bytes: sum('bytes') };
  }

  /** The table: adapter, a row for every kernel, the total. */
  toString(): string {
    const { adapter, kernels, total } = this;
    const rows = [HEAD, ...[...kernels, total].map((kernel) => this.row(kernel))];
    const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
    const aligned = rows.map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    );
    const title = `${adapterName(adapter)}${adapter.software ? ' (software)' : ''}`;
    const untimed = total.ms === undefined ? ["no times: this adapter has no 'timestamp-query'"] : [];
    return [title, ...untimed, ...aligned].join('\n');
  }

  private row({ name, calls, ms, bytes }: KernelProfile): string[] {
    const share = ms === undefined ? '-' : `${((100 * ms) / (this.total.ms || 1)).toFixed(1)} %`;
    const speed = ms ? (bytes / ms / 1e6).toFixed(1) : '-';
    return [name, `${calls}`, ms?.toFixed(3) ?? '-', share, (bytes / 1e6).toFixed(2), speed];
  }
}

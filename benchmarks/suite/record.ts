import type { AdapterReport } from '../../src/gpu/device';
import type { ClockKind } from './clock';
import type { Check, Entry, Work } from './entry';
import type { Summary } from './statistics';

export const FORMAT = 'pyramidflow-benchmark-1';

/** Where and how a report was made. schema.json says the same for readers of the JSON. */
export interface Context {
  /** ISO 8601 */
  readonly date: string;
  /** of this repository, with '+' where files differed from it */
  readonly commit: string;
  /** what WebGPU comes from: such as Dawn of the npm package webgpu, or the browser */
  readonly runtime: { readonly name: string; readonly version: string; readonly platform: string };
  readonly adapter: AdapterReport;
  /** of Dawn */
  readonly toggles: readonly string[];
  /** ns between neighbouring readings */
  readonly granularity: Partial<Record<ClockKind, number>>;
  readonly settings: Settings;
}

export interface Settings {
  readonly size: number;
  readonly quick: boolean;
  readonly filter: string;
  readonly seed: number;
  /** of an entry, at the least, where it was not slow */
  readonly samples: number;
  /** least duration of a sample in ms */
  readonly least: number;
}

/** What the device can do at most, as measured in the same run. */
export interface Rooflines {
  /** GFLOP/s of multiply-adds in f32 and, where the device has it, f16 */
  readonly f32: number;
  readonly f16?: number;
  /** GB/s of copies by how many bytes they read and write, smallest first */
  readonly copies: readonly { readonly bytes: number; readonly rate: number }[];
}

export interface Compiled {
  readonly kernel: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly ms: number;
}

/** One entry's record. Times are ms of one repeat. */
export interface Benchmark extends Pick<Entry, 'group' | 'name' | 'shape' | 'work'> {
  /** `wrong`: the result was not right, so it was not timed. `failed`: it could not run. */
  readonly status: 'ok' | 'wrong' | 'failed';
  /** what was wrong, or why there are fewer samples */
  readonly remark?: string;
  readonly check?: Check;
  readonly clock: ClockKind;
  /** of creating the pipelines that no earlier entry had, before anything ran */
  readonly compile: { readonly pipelines: number; readonly ms: number };
  readonly repeats?: number;
  readonly samples?: readonly number[];
  readonly time?: Summary;
  readonly rates?: Rates;
}

/** Rates at the median time. */
export interface Rates {
  readonly gflops?: number;
  /** GB/s */
  readonly bandwidth?: number;
  /** the roofline that allows the least, and how much of it was reached */
  readonly bound?: 'compute' | 'memory';
  readonly percent?: number;
}

export interface Report {
  readonly format: typeof FORMAT;
  readonly context: Context;
  readonly rooflines?: Rooflines;
  readonly pipelines: readonly Compiled[];
  readonly benchmarks: readonly Benchmark[];
}

/** What makes two records of two reports the same entry. */
export const idOf = ({ name, shape }: Pick<Benchmark, 'name' | 'shape'>): string => `${name} (${shape})`;

/** The roofs that the roofline entries found; undefined where none could be timed. */
export function rooflinesOf(benchmarks: readonly Benchmark[]): Rooflines | undefined {
  const roofs = benchmarks.filter(({ group, status }) => group === 'roofline' && status === 'ok');
  const best = (precision: string) =>
    Math.max(
      0,
      ...roofs
        .filter(({ name }) => name === `multiply-add ${precision}`)
        .map(({ work, time }) => work!.flop! / time!.median / 1e6),
    );
  const copies = roofs
    .filter(({ name }) => name === 'copy')
    .map(({ work, time }) => ({ bytes: work!.bytes!, rate: work!.bytes! / time!.median / 1e6 }));
  const [f32, f16] = [best('f32'), best('f16')];
  return f32 > 0 ? { f32, ...(f16 > 0 ? { f16 } : {}), copies: copies.sort((a, b) => a.bytes - b.bytes) } : undefined;
}

/**
 * Rates at a median time, relative to the f32 roof and the copy that moves as many bytes or the next more. Convolutions by
 * Fourier transforms may pass 100 %, since their operations are counted as the direct method's.
 */
export function ratesOf({ flop, bytes }: Work, ms: number, roofs: Rooflines | undefined): Rates {
  const copy = bytes === undefined ? undefined : (roofs?.copies.find((size) => size.bytes >= bytes) ?? roofs?.copies.at(-1));
  const least = {
    compute: flop && roofs ? flop / roofs.f32 / 1e6 : 0,
    memory: bytes && copy ? bytes / copy.rate / 1e6 : 0,
  };
  const bound = least.compute >= least.memory ? 'compute' : 'memory';
  return {
    ...(flop ? { gflops: flop / ms / 1e6 } : {}),
    ...(bytes ? { bandwidth: bytes / ms / 1e6 } : {}),
    ...(least[bound] > 0 ? { bound, percent: (100 * least[bound]) / ms } : {}),
  };
}

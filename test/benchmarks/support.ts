import { type Benchmark, FORMAT, type Report } from '../../benchmarks/suite/record';
import { summarise } from '../../benchmarks/suite/statistics';

/** A record with these samples. */
export function record(name: string, samples: readonly number[], change: Partial<Benchmark> = {}): Benchmark {
  return {
    ...{ group: 'kernel', name, shape: '2x3', status: 'ok', clock: 'wall' },
    check: { how: 'all 6 values', tolerance: 0, error: 0 },
    compile: { pipelines: 1, ms: 5 },
    ...{ repeats: 3, samples, time: summarise(samples) },
    ...change,
  } as Benchmark;
}

/** A report that was never measured. */
export function report(benchmarks: readonly Benchmark[], software = false): Report {
  const adapter = {
    vendor: 'acme',
    architecture: 'a1',
    device: 'd',
    description: 'Acme | One',
    software,
    features: [],
    limits: {},
  };
  const settings = { size: 64, quick: true, filter: '', seed: 1, samples: 15, least: 10 };
  const runtime = { name: 'Dawn', version: '1', platform: 'none' };
  const context = {
    date: '2026-01-02T03:04:05.000Z',
    commit: 'abc',
    runtime,
    adapter,
    toggles: [],
    granularity: { wall: 1000 },
    settings,
  };
  return { format: FORMAT, context, pipelines: [], benchmarks };
}

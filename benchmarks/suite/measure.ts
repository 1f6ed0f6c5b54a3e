import type { Runtime } from '../../src/gpu/runtime';
import { type Context, FORMAT, type Report, rooflinesOf } from './record';
import { fmaEntry, rooflineEntries } from './rooflines';
import { MEASURING, type Progress, runSuite } from './run';
import { type Selection, suite } from './suite';

export interface MeasureOptions extends Partial<Selection> {
  readonly seed?: number;
  onProgress?(progress: Progress): void;
}

const FAST = 1000; // GFLOP/s, from which on images of 256 x 256 and longer rooflines take little time

/** Runs the suite on a device, at the sizes that suit its speed where none is given. */
export async function measure(
  gpu: Runtime,
  about: Pick<Context, 'commit' | 'runtime' | 'toggles'>,
  { seed = 1, size: wanted, quick = false, filter = '', onProgress }: MeasureOptions = {},
): Promise<Report> {
  const { features } = gpu.adapter;
  const speed = await roughSpeed(gpu);
  const size = wanted ?? (speed >= FAST ? 256 : 128);
  const entries = [...rooflineEntries(features, speed >= FAST ? 512 : 32), ...suite({ size, quick, filter })];
  const { benchmarks, pipelines, granularity } = await runSuite(gpu, entries, { seed, onProgress });
  return {
    format: FORMAT,
    context: {
      date: new Date().toISOString(),
      ...about,
      adapter: gpu.adapter,
      granularity,
      settings: { size, quick, filter, seed, ...MEASURING },
    },
    rooflines: rooflinesOf(benchmarks),
    pipelines,
    benchmarks,
  };
}

/** GFLOP/s of multiply-adds, by one short look. */
async function roughSpeed(gpu: Runtime): Promise<number> {
  const { benchmarks } = await runSuite(gpu, [fmaEntry('f32', 3, 32)]); // a pipeline that the suite has not
  return benchmarks[0].rates?.gflops ?? 0;
}

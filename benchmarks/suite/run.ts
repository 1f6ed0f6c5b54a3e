import { Random } from '../../src/core/random';
import type { KernelSource } from '../../src/gpu/kernel';
import type { Runtime } from '../../src/gpu/runtime';
import { scope } from '../../src/tensor/scope';
import { type ClockKind, Clocks } from './clock';
import { type Check, type Entry, Inputs, type Prepared } from './entry';
import { type Benchmark, type Compiled, ratesOf, rooflinesOf, type Settings } from './record';
import { summarise } from './statistics';

const SAMPLES = 15;
const FEWEST = 3;
const LEAST_MS = 10;
const ENTRY_MS = 15_000; // that the samples of one entry may take before there are fewer of them
const MOST_REPEATS = 20_000;
const BOUND: readonly Entry['group'][] = ['convolution', 'kernel', 'fft', 'model']; // by the rooflines

export const MEASURING: Pick<Settings, 'samples' | 'least'> = { samples: SAMPLES, least: LEAST_MS };

export interface Progress {
  readonly phase: 'compile and check' | 'measure';
  readonly done: number;
  readonly of: number;
  readonly entry: Entry;
}

export interface RunOptions {
  /** of the order of the samples */
  readonly seed?: number;
  /** false: compile and check alone */
  readonly timed?: boolean;
  onProgress?(progress: Progress): void;
}

export interface Outcome {
  readonly benchmarks: Benchmark[];
  readonly pipelines: Compiled[];
  readonly granularity: Partial<Record<ClockKind, number>>;
}

/** A correct entry, ready to be timed. */
interface Ready {
  readonly prepared: Prepared;
  readonly repeats: number;
  readonly dispatches: number;
  readonly wanted: number;
  readonly samples: number[];
}

/**
 * Compiles each entry cold, checks it, finds how many repeats last 10 ms (which warms it), then takes one sample after the
 * other of all entries in random order, so that a temporary disturbance of the machine affects all alike.
 */
export async function runSuite(
  gpu: Runtime,
  entries: readonly Entry[],
  { seed = 1, timed = true, onProgress }: RunOptions = {},
): Promise<Outcome> {
  const clocks = new Clocks(gpu);
  const inputs = new Inputs(gpu);
  const pipelines = new Map<string, Compiled>();
  const records: Benchmark[] = [];
  const ready = new Map<number, Ready>();
  for (const [i, entry] of entries.entries()) {
    onProgress?.({ phase: 'compile and check', done: i, of: entries.length, entry });
    const { record, ...state } = await makeReady(gpu, clocks, inputs, pipelines, entry, timed);
    records.push(record);
    if (state.ready) ready.set(i, state.ready);
  }

  const order = new Random(seed).shuffle([...ready].flatMap(([i, { wanted }]) => Array<number>(wanted).fill(i)));
  for (const [done, i] of order.entries()) {
    const { clock } = records[i];
    const { prepared, repeats, dispatches, samples } = ready.get(i)!;
    onProgress?.({ phase: 'measure', done, of: order.length, entry: entries[i] });
    samples.push(
      (await clocks.time(clock, () => repeat(prepared, repeats), dispatches * repeats)) / timesOf(prepared, repeats),
    );
  }

  for (const { prepared } of ready.values()) prepared.free?.();
  inputs.free();
  gpu.memory.trim();
  return { benchmarks: finish(records, ready), pipelines: [...pipelines.values()], granularity: clocks.granularity() };
}

async function makeReady(
  gpu: Runtime,
  clocks: Clocks,
  inputs: Inputs,
  pipelines: Map<string, Compiled>,
  { group, name, shape, work, clock = clocks.best, prepare }: Entry,
  timed: boolean,
): Promise<{ record: Benchmark; ready?: Ready }> {
  const record = { group, name, shape, ...(work ? { work } : {}), clock, compile: { pipelines: 0, ms: 0 } };
  try {
    const prepared = await prepare(inputs);
    const compile = await compileCold(gpu, prepared, pipelines);
    const check = await firstResult(gpu, prepared);
    const right = check.error <= check.tolerance;
    if (!right || !timed) prepared.free?.();
    if (!right) {
      const remark = `off by ${check.error.toExponential(1)} of the largest value (${check.how}); ${check.tolerance} is allowed`;
      return { record: { ...record, compile, check: finite(check), status: 'wrong', remark } };
    }
    if (!timed) return { record: { ...record, compile, check, status: 'ok' } };
    const found = await calibrate(gpu, clocks, clock, prepared);
    const few = found.wanted < SAMPLES;
    const remark = few ? { remark: `${found.wanted} samples: one repeat takes ${(found.ms / 1000).toFixed(1)} s` } : {};
    return { record: { ...record, compile, check, status: 'ok', ...remark }, ready: { ...found, prepared, samples: [] } };
  } catch (cause) {
    return { record: { ...record, status: 'failed', remark: (cause as Error).message } };
  }
}

/** JSON has neither infinity nor NaN. */
const finite = (check: Check): Check => ({ ...check, error: Number.isFinite(check.error) ? check.error : Number.MAX_VALUE });

/** Creates, one after the other, the pipelines that `run` needs and that nobody has created yet. */
async function compileCold(gpu: Runtime, { run }: Prepared, known: Map<string, Compiled>): Promise<Benchmark['compile']> {
  const wanted = new Map<string, [kernel: KernelSource, constants: Readonly<Record<string, number>>]>();
  const own = gpu.run;
  gpu.run = (kernel, { constants = {} }) =>
    void wanted.set(`${kernel.name} ${JSON.stringify(constants)}`, [kernel, constants]);
  try {
    runOnce(run);
  } finally {
    gpu.run = own;
  }
  const compiled: Compiled[] = [];
  for (const [key, [kernel, constants]] of wanted) {
    if (known.has(key)) continue;
    const start = performance.now();
    await gpu.compile(kernel, constants);
    compiled.push({ kernel: kernel.name, constants, ms: performance.now() - start });
    known.set(key, compiled.at(-1)!);
  }
  return { pipelines: compiled.length, ms: compiled.reduce((sum, { ms }) => sum + ms, 0) };
}

/** Records `run` and frees what it made. */
const runOnce = (run: Prepared['run']): void => scope(() => void run());

/** Runs it once and compares the result with the reference. */
async function firstResult(gpu: Runtime, { run, wait, check }: Prepared): Promise<Check> {
  const result = wait ? void (await wait()) : scope(() => (run() ?? undefined)?.copy('result'));
  const checked = await check(result);
  result?.free();
  await gpu.finish();
  return checked;
}

const timesOf = ({ times = 1 }: Prepared, repeats: number): number => times * repeats;

async function repeat({ run, wait }: Prepared, times: number): Promise<void> {
  for (let i = 0; i < times; i++) wait ? await wait() : runOnce(run);
}

/** The repeats that last 10 ms, the dispatches of one, and how many samples there is time for. */
async function calibrate(gpu: Runtime, clocks: Clocks, clock: ClockKind, prepared: Prepared) {
  const before = gpu.counts().dispatches;
  await repeat(prepared, 1);
  await gpu.finish();
  const dispatches = gpu.counts().dispatches - before;
  const time = (repeats: number) => clocks.time(clock, () => repeat(prepared, repeats), dispatches * repeats);
  for (let repeats = 1; ; ) {
    let ms = await time(repeats);
    for (let again = 0; again < 2 && ms >= LEAST_MS && ms < 10 * LEAST_MS; again++) ms = Math.min(ms, await time(repeats)); // it may have been disturbed
    if (ms >= LEAST_MS || repeats >= MOST_REPEATS) {
      const wanted = Math.max(FEWEST, Math.min(SAMPLES, Math.floor(ENTRY_MS / ms)));
      return { repeats, dispatches, wanted, ms: ms / timesOf(prepared, repeats) };
    }
    const needed = (1.2 * LEAST_MS * repeats) / Math.max(ms, LEAST_MS / 1000);
    repeats = Math.min(MOST_REPEATS, Math.ceil(Math.min(10 * repeats, needed)));
  }
}

function finish(records: readonly Benchmark[], ready: ReadonlyMap<number, Ready>): Benchmark[] {
  const timed = records.map((record, i): Benchmark => {
    const state = ready.get(i);
    return state
      ? {
          ...record,
          repeats: timesOf(state.prepared, state.repeats),
          samples: state.samples,
          time: summarise(state.samples),
        }
      : record;
  });
  const roofs = rooflinesOf(timed);
  return timed.map((record) =>
    record.time && record.work
      ? { ...record, rates: ratesOf(record.work, record.time.median, BOUND.includes(record.group) ? roofs : undefined) }
      : record,
  );
}

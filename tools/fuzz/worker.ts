import { openSync } from 'node:fs';
import { NO_PROGRESS, writeProgress } from './progress';
import { isDeep, randomFor, type Target } from './target';

/** What a worker process does: the inputs `first` to `last` (not included) of a target, or as many as the time allows. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly last: number;
  readonly seconds: number;
  readonly folder: string;
  readonly progress: string;
}

/** What a worker reports: a finding, or that it is done. */
export type Message = { readonly iteration: number; readonly problem: string } | 'done';

/** Judges inputs one after the other and sends what it finds. Exits where its memory grew too much. */
export async function work(targets: readonly Target[], job: Job): Promise<void> {
  const target = targets.find(({ name }) => name === job.target)!;
  const file = openSync(job.progress, 'w');
  const counts = { ...NO_PROGRESS };
  const end = performance.now() + 1000 * job.seconds;
  const memory = peakMemory();
  for (let iteration = job.first; iteration < job.last && performance.now() < end; iteration++) {
    counts.iteration = iteration;
    writeProgress(file, counts);
    const bytes = await target.input(randomFor(target.name, job.seed, iteration));
    try {
      const deep = isDeep(iteration) || job.last === job.first + 1;
      counts[await target.judge(bytes, { folder: job.folder, deep })]++;
    } catch (error) {
      counts.findings++;
      await tell({ iteration, problem: describe(error) });
    }
    const grown = peakMemory() - memory;
    if (grown > target.memory) throw new Error(`memory grew by ${Math.round(grown / 2 ** 20)} MiB`);
  }
  writeProgress(file, counts);
  await tell('done');
  process.disconnect();
}

const peakMemory = (): number => 1024 * process.resourceUsage().maxRSS;

const tell = (message: Message): Promise<void> =>
  new Promise((resolve, reject) => process.send!(message, (error: Error | null) => (error ? reject(error) : resolve())));

/** What was thrown and where: the first line, and the first place in this repository. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  const places = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('node:'));
  const place = places[0]?.trim().replaceAll(`${process.cwd()}/`, '') ?? '';
  return `${error.name}: ${error.message.split('\n')[0].slice(0, 300)} ${place}`.trim();
}

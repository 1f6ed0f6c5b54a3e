import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { dawn, openRuntime } from '../src/node/dawn';
import { main } from '../tools/support/main';
import { loadOrt, ortEntries } from './baselines/onnxruntime';
import { type Task, tasksOf, titleOf } from './baselines/shapes';
import { loadTf, tfEntries } from './baselines/tfjs';
import { torchBenchmarks } from './baselines/torch';
import { about } from './node/context';
import { textTable, threeDigits } from './report/table';
import { convolutionEntries } from './suite/convolutions';
import type { Entry } from './suite/entry';
import { type Benchmark, FORMAT, type Report } from './suite/record';
import { rooflineEntries } from './suite/rooflines';
import { MEASURING, runSuite } from './suite/run';

// The model's 7x7 convolutions by this project and by others, in one process, on one adapter, each checked first.
// Options: --size SIDE (256: the largest of four), --only FORWARD|..., --without NAME (of a baseline, several times), --json FILE

const FOLDER = 'benchmarks/baselines';
const PATIENCE = 60_000; // ms
const PARTS = ['forward', 'gradient to input', 'gradient to weight'] as const;

/** How the entries of each baseline are made. */
const BASELINES: Readonly<Record<string, (tasks: readonly Task[]) => Promise<Entry[]>>> = {
  'onnxruntime-node': async (tasks) => ortEntries(await loadOrt('node', installed), 'onnxruntime-node', tasks),
  'onnxruntime-web': async (tasks) => ortEntries(await loadOrt('web', installed), 'onnxruntime-web', tasks),
  tfjs: async (tasks) => tfEntries(await loadTf(installed), tasks),
};

main(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '256' },
      only: { type: 'string', default: '' },
      without: { type: 'string', multiple: true, default: [] },
      probe: { type: 'string' },
      json: { type: 'string', default: 'runs/bench/baselines.json' },
    },
  });
  const size = Number(values.size);
  install();
  const gpu = await openRuntime();
  offerGpu();
  if (values.probe) {
    await BASELINES[values.probe]([]);
    process.exit();
  }
  const tasks = tasksOf(
    size,
    PARTS.filter((part) => part.includes(values.only)),
  );
  const chosen = Object.entries(BASELINES).filter(([name]) => !values.without.includes(name));
  const skipped: string[] = [];
  const entries: Entry[] = [...rooflineEntries([]).slice(0, 3), ...ownEntries(tasks)];
  for (const [name, load] of chosen) {
    try {
      probe(name);
      entries.push(...(await load(tasks)));
    } catch (error) {
      skipped.push(`${name}: ${(error as Error).message}`);
    }
  }
  const { benchmarks, pipelines, granularity } = await runSuite(gpu, entries, {
    onProgress: ({ phase, done, of, entry }) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${phase} ${done + 1}/${of}: ${entry.name}`.slice(0, 110));
    },
  });
  try {
    if (!values.without.includes('PyTorch')) {
      const torch = torchBenchmarks(tasks);
      benchmarks.push(...torch.benchmarks);
      skipped.push(torch.about);
    }
  } catch (error) {
    skipped.push(`PyTorch: ${(error as Error).message}`);
  }
  const settings = { size, quick: false, filter: values.only, seed: 1, ...MEASURING };
  const context = { date: new Date().toISOString(), ...about(), adapter: gpu.adapter, granularity, settings };
  const report: Report = { format: FORMAT, context, pipelines, benchmarks };
  console.log(`\nadapter: ${gpu.adapter.description}\n\n${comparison(tasks, benchmarks)}\n`);
  for (const { name, shape, remark } of benchmarks) if (remark) console.log(`! ${name} (${shape}): ${remark}`);
  for (const line of skipped) console.log(`! ${line}`);
  mkdirSync(dirname(values.json), { recursive: true });
  writeFileSync(values.json, `${JSON.stringify(report, undefined, 1)}\n`);
  console.log(values.json);
  process.exit(); // the baselines keep threads and devices open
});

/** Installed on demand, since the baselines are hundreds of megabytes. */
function install(): void {
  if (existsSync(`${FOLDER}/node_modules/.package-lock.json`)) return;
  console.error(`installing the baselines into ${FOLDER}/node_modules`);
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
}

/** Tries a baseline in a separate process first: one that hangs or crashes must not end this one. */
function probe(name: string): void {
  const { status, error, stderr } = spawnSync(process.execPath, [process.argv[1], '--probe', name], {
    timeout: PATIENCE,
    encoding: 'utf8',
  });
  if (error) throw new Error(`it did not compute a small convolution within ${PATIENCE / 1000} s (${error.message})`);
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) || `it ended with ${status}`);
}

const installed = (path: string): string => pathToFileURL(resolve(FOLDER, 'node_modules', path)).href;

/** navigator.gpu for the baselines that expect a page. Dawn refuses views of shared memory, such as WebAssembly's. */
function offerGpu(): void {
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: dawn, userAgent: 'Node' }, configurable: true });
  const { writeBuffer } = GPUQueue.prototype;
  GPUQueue.prototype.writeBuffer = function (buffer, offset, data, start = 0, size) {
    const shared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer;
    if (!shared) return writeBuffer.call(this, buffer, offset, data as Uint8Array<ArrayBuffer>, start, size);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    return writeBuffer.call(this, buffer, offset, bytes, start, size);
  };
}

/** Our own convolutions, by wall time as the baselines. */
function ownEntries(tasks: readonly Task[]): Entry[] {
  return tasks.map((task) => {
    const { name, shape } = { name: `convolution ${titleOf(task)}`, shape: task.sizes.side };
    const own = convolutionEntries(shape).find((entry) => entry.name === name)!;
    return { ...own, name: `${titleOf(task)} [ours]`, clock: 'wall' };
  });
}

/** GFLOP/s of all at each task, and ours against the best of the others on WebGPU. */
function comparison(tasks: readonly Task[], benchmarks: readonly Benchmark[]): string {
  const baselineOf = ({ name }: Benchmark) => /\[(.*)\]/.exec(name)?.[1];
  const baselines = [...new Set(benchmarks.flatMap((benchmark) => baselineOf(benchmark) ?? []))];
  const rows = tasks.map((task) => {
    const { side } = task.sizes;
    const rates = baselines.map(
      (baseline) =>
        benchmarks.find(({ name, shape }) => name === `${titleOf(task)} [${baseline}]` && shape.endsWith(`x${side}`))?.rates
          ?.gflops,
    );
    const others = rates.filter((rate, i) => rate !== undefined && i > 0 && !baselines[i].startsWith('PyTorch')) as number[];
    const ratio = rates[0] && others.length ? (rates[0] / Math.max(...others)).toFixed(1) : '';
    return [titleOf(task), `${side}x${side}`, ...rates.map(threeDigits), ratio];
  });
  return textTable(['GFLOP/s', 'size', ...baselines, 'ours / best WebGPU'], rows, 2);
}

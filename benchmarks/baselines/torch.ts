import { spawnSync } from 'node:child_process';
import { convolutionFlop, convolutionShapes } from '../suite/convolutions';
import { describeShape } from '../suite/entry';
import { type Benchmark, ratesOf } from '../suite/record';
import { summarise } from '../suite/statistics';
import { type Task, titleOf } from './shapes';

/** What every script reports about the PyTorch that ran it. */
export interface TorchAbout {
  readonly version: string;
  readonly device: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

interface Answer extends TorchAbout {
  readonly results: readonly { readonly repeats: number; readonly samples: readonly number[] }[];
}

/** Runs a script of this folder on JSON and returns its JSON. Throws an Error that says why it cannot run. */
export function runTorch<T>(script: string, input: unknown): T {
  const sees = (python: string) => spawnSync(python, ['-c', 'import torch']).status === 0;
  const python = ['python3', '/usr/bin/python3'].find(sees); // the system's has Debian's python3-torch, whatever else is in the PATH
  if (!python) throw new Error('no python3 with torch was found (Debian, Ubuntu: apt install python3-torch)');
  const { status, stdout, stderr, error } = spawnSync(python, [`benchmarks/baselines/${script}`], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  });
  if (error || status !== 0) throw new Error(error?.message ?? stderr.trim().split('\n').at(-1));
  return JSON.parse(stdout) as T;
}

/** PyTorch's times, with python3. Its results are not checked. Throws an Error that says why it cannot run. */
export function torchBenchmarks(tasks: readonly Task[]): { readonly about: string; readonly benchmarks: Benchmark[] } {
  const { version, device, settings, results } = runTorch<Answer>('torch_conv.py', tasks);
  const benchmarks = tasks.map((task, i): Benchmark => {
    const { repeats, samples } = results[i];
    const work = { flop: convolutionFlop(task.sizes) };
    const time = summarise(samples);
    return {
      group: 'convolution',
      name: `${titleOf(task)} [PyTorch ${device}]`,
      shape: describeShape(convolutionShapes(task.sizes).y),
      status: 'ok',
      check: { how: 'not checked', tolerance: 0, error: 0 },
      clock: 'wall',
      compile: { pipelines: 0, ms: 0 },
      ...{ work, repeats, samples, time, rates: ratesOf(work, time.median, undefined) },
    };
  });
  return { about: `PyTorch ${version} on ${device}, ${JSON.stringify(settings)}`, benchmarks };
}

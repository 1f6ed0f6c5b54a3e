import { Random } from '../core/random';
import { median } from '../core/statistics';
import type { Runtime } from '../gpu/runtime';
import { convolve, convolveGradients } from '../ops/conv/convolve';
import { type CheckResult, runCheck } from '../selftest/check';
import { checkConvolution } from '../selftest/network-checks';
import { scope } from '../tensor/scope';
import { elements, Tensor } from '../tensor/tensor';
import { type Choice, openChoices } from './choices';

export interface TuneOptions {
  /** height and width of the images that are timed; default depends on the choice */
  readonly side?: number;
  /** timed runs per option; default 9 */
  readonly samples?: number;
  /** called after every choice */
  onResult?(result: TuningResult): void;
}

export interface OptionResult {
  readonly option: string;
  /** median time of a convolution and its gradients; undefined if its result was wrong */
  readonly ms?: number;
  /** what is wrong with its result, if anything */
  readonly problem?: string;
}

export interface TuningResult {
  readonly name: string;
  readonly options: readonly OptionResult[];
  /** the fastest option with a right result; undefined if there is none */
  readonly chosen?: string;
}

const [BATCH, CHANNELS] = [2, 32];

/**
 * Chooses between variants of kernels on this adapter: the options whose results agree with float64 are timed in turns, and the one
 * with the least median time is chosen. The choices apply to `gpu` from then on.
 */
export async function tune(gpu: Runtime, { side, samples = 9, onResult }: TuneOptions = {}): Promise<TuningResult[]> {
  const results: TuningResult[] = [];
  for (const choice of openChoices(gpu.adapter)) {
    const result = await choose(gpu, choice, choice.options(gpu.adapter), side ?? choice.side ?? 64, samples);
    results.push(result);
    onResult?.(result);
  }
  return results;
}

async function choose(
  gpu: Runtime,
  { name, kernelSize, checked }: Choice,
  options: readonly string[],
  side: number,
  samples: number,
): Promise<TuningResult> {
  const before = gpu.choices.get(name);
  const results: OptionResult[] = [];
  const times = new Map<string, number[]>();
  for (const option of options) {
    gpu.choices.set(name, option);
    const { passed, problem } = await check(gpu, option, kernelSize, checked);
    if (passed) times.set(option, []);
    else results.push({ option, problem });
  }
  const work = workload(gpu, kernelSize, side);
  for (let sample = -1; sample < samples; sample++) {
    for (const [option, list] of times) {
      gpu.choices.set(name, option);
      const start = performance.now();
      work.run();
      await gpu.finish();
      if (sample >= 0) list.push(performance.now() - start); // the first one compiles
    }
  }
  work.free();
  for (const [option, list] of times) results.push({ option, ms: median(list) });
  const [fastest] = results.filter(({ ms }) => ms !== undefined).sort((a, b) => a.ms! - b.ms!);
  if (fastest) gpu.choices.set(name, fastest.option);
  else if (before === undefined) gpu.choices.delete(name);
  else gpu.choices.set(name, before);
  return { name, options: results, chosen: fastest?.option };
}

function check(gpu: Runtime, name: string, kernelSize: number, size: Choice['checked']): Promise<CheckResult> {
  return runCheck(gpu, {
    name,
    kernels: [],
    tolerance: 1e-5,
    run: (lab) =>
      checkConvolution(lab, kernelSize, 1, {
        size,
        forward: (x, w) => convolve(x, w),
        gradInput: (dy, w, shape) => convolveGradients(dy, Tensor.zeros(gpu, shape), w).dx,
        gradWeight: (dy, x, k) => convolveGradients(dy, x, Tensor.zeros(gpu, [dy.shape[1]!, x.shape[1]!, k, k])).dw,
      }),
  });
}

/** A convolution with the model's channels, and both its gradients. */
function workload(gpu: Runtime, kernelSize: number, side: number): { run(): void; free(): void } {
  const random = new Random(1);
  const [x, dy, w] = [
    [BATCH, CHANNELS, side, side],
    [BATCH, CHANNELS, side, side],
    [CHANNELS, CHANNELS, kernelSize, kernelSize],
  ].map((shape) =>
    Tensor.from(
      gpu,
      shape,
      Float32Array.from({ length: elements(shape) }, () => random.normal()),
    ),
  );
  return {
    run: () =>
      scope(() => {
        convolve(x!, w!);
        convolveGradients(dy!, x!, w!);
      }),
    free: () => [x, dy, w].forEach((tensor) => tensor!.free()),
  };
}

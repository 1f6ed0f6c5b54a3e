import { Random } from '../core/random';
import type { Runtime } from '../gpu/runtime';
import { convolve, convolveGradients } from '../ops/conv/convolve';
import { type CheckResult, runCheck } from '../selftest/check';
import { checkConvolution } from '../selftest/network-checks';
import { scope } from '../tensor/scope';
import { elements, Tensor } from '../tensor/tensor';
import { type Choice, openChoices } from './choices';

export interface TuneOptions {
  /** of the images that options are timed on; default what suits the choice */
  readonly side?: number;
  /** default 9 */
  readonly samples?: number;
  /** called after every choice */
  onResult?(result: TuningResult): void;
}

export interface OptionResult {
  readonly option: string;
  /** median time of a convolution and its gradients; undefined where its result was wrong */
  readonly ms?: number;
  /** what is wrong with its result */
  readonly problem?: string;
}

export interface TuningResult {
  readonly name: string;
  readonly options: readonly OptionResult[];
  /** the fastest whose result is right; undefined where there is none */
  readonly chosen?: string;
}

const [BATCH, CHANNELS] = [2, 32];

/**
 * Chooses between the variants of kernels on this adapter: those whose results agree with float64 are timed in turns, and the one of
 * the least median time is taken. The choices are in force in `gpu` from then on.
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
  { name, kernel, checked }: Choice,
  options: readonly string[],
  side: number,
  samples: number,
): Promise<TuningResult> {
  const before = gpu.choices.get(name);
  const judged: OptionResult[] = [];
  const times = new Map<string, number[]>();
  for (const option of options) {
    gpu.choices.set(name, option);
    const { passed, problem } = await check(gpu, option, kernel, checked);
    if (passed) times.set(option, []);
    else judged.push({ option, problem });
  }
  const work = workload(gpu, kernel, side);
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
  for (const [option, list] of times) judged.push({ option, ms: list.sort((a, b) => a - b)[list.length >> 1] });
  const [fastest] = judged.filter(({ ms }) => ms !== undefined).sort((a, b) => a.ms! - b.ms!);
  if (fastest) gpu.choices.set(name, fastest.option);
  else if (before === undefined) gpu.choices.delete(name);
  else gpu.choices.set(name, before);
  return { name, options: judged, chosen: fastest?.option };
}

function check(gpu: Runtime, name: string, kernel: number, size: Choice['checked']): Promise<CheckResult> {
  return runCheck(gpu, {
    name,
    kernels: [],
    tolerance: 1e-5,
    run: (lab) =>
      checkConvolution(lab, kernel, 1, {
        size,
        forward: (x, w) => convolve(x, w),
        gradInput: (dy, w, shape) => convolveGradients(dy, Tensor.zeros(gpu, shape), w).dx,
        gradWeight: (dy, x, k) => convolveGradients(dy, x, Tensor.zeros(gpu, [dy.shape[1], x.shape[1], k, k])).dw,
      }),
  });
}

/** A convolution of the model's own size and both its gradients. */
function workload(gpu: Runtime, kernel: number, side: number): { run(): void; free(): void } {
  const random = new Random(1);
  const [x, dy, w] = [
    [BATCH, CHANNELS, side, side],
    [BATCH, CHANNELS, side, side],
    [CHANNELS, CHANNELS, kernel, kernel],
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
        convolve(x, w);
        convolveGradients(dy, x, w);
      }),
    free: () => [x, dy, w].forEach((tensor) => tensor.free()),
  };
}

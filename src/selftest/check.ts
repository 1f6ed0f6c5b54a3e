import { Random } from '../core/random';
import type { AdapterReport } from '../gpu/device';
import type { Runtime } from '../gpu/runtime';
import { elements, type Shape, Tensor } from '../tensor/tensor';

/** Values that a kernel gave, and what they must be, computed in float64 on the CPU. */
export interface Comparison {
  readonly what: string;
  readonly actual: Tensor | ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  /** what errors are relative to; default the largest expected value */
  readonly scale?: number;
}

/** One small case at awkward shapes. */
export interface Check {
  readonly name: string;
  /** names of the shader files that it vouches for */
  readonly kernels: readonly string[];
  /** largest error allowed, relative to the largest value; 0 where the result must be exact */
  readonly tolerance: number;
  /** whether an adapter can run it; default all can */
  suits?(adapter: AdapterReport): boolean;
  run(lab: Lab): Comparison[] | Promise<Comparison[]>;
}

export interface CheckResult {
  readonly name: string;
  readonly kernels: readonly string[];
  readonly tolerance: number;
  readonly passed: boolean;
  /** the largest relative error; undefined where the check could not run */
  readonly error?: number;
  /** what is wrong, and where */
  readonly problem?: string;
}

/** A tensor and its values in float64. */
export interface Sample {
  readonly tensor: Tensor;
  readonly values: Float64Array;
}

/** What a check works with: the GPU, and random numbers that are the same in every run. */
export class Lab {
  private readonly random = new Random(41);

  constructor(readonly gpu: Runtime) {}

  /** Standard normal values. */
  sample(shape: Shape, label = 'sample'): Sample {
    return this.given(
      shape,
      Array.from({ length: elements(shape) }, () => this.random.normal()),
      label,
    );
  }

  given(shape: Shape, values: ArrayLike<number>, label = 'sample'): Sample {
    const data = Float32Array.from(values);
    return { tensor: Tensor.from(this.gpu, shape, data, label), values: Float64Array.from(data) };
  }

  /**
   * Compares a gradient with the derivative of `forward` along a random direction, by central differences in float64.
   * @param dy gradient of the result of `forward`
   */
  async gradient(
    what: string,
    forward: (x: Float64Array) => Float64Array,
    x: Float64Array,
    dy: Float64Array,
    dx: Tensor,
  ): Promise<Comparison> {
    const step = 1e-6;
    const direction = x.map(() => this.random.normal());
    const moved = (sign: number) => forward(x.map((value, i) => value + sign * step * direction[i]));
    const [after, before] = [moved(1), moved(-1)];
    const expected = dy.reduce((sum, value, i) => sum + (value * (after[i] - before[i])) / (2 * step), 0);
    const found = await dx.read();
    const actual = found.reduce((sum, value, i) => sum + value * direction[i], 0);
    return { what, actual: [actual], expected: [expected], scale: Math.hypot(...found) };
  }
}

/**
 * Runs one check; whatever goes wrong in it becomes its result. What it makes is small and lives as long as the
 * runtime.
 */
export async function runCheck(gpu: Runtime, { name, kernels, tolerance, run }: Check): Promise<CheckResult> {
  try {
    const comparisons = await run(new Lab(gpu));
    let worst = { error: 0, what: '' };
    for (const comparison of comparisons) {
      const error = await errorOf(comparison);
      if (error > worst.error) worst = { error, what: comparison.what };
    }
    const passed = worst.error <= tolerance;
    const problem = passed ? undefined : `${worst.what} is off by ${worst.error.toExponential(1)} of its largest value`;
    return { name, kernels, tolerance, passed, error: worst.error, problem };
  } catch (cause) {
    return { name, kernels, tolerance, passed: false, problem: (cause as Error).message };
  }
}

async function errorOf({ actual, expected, scale }: Comparison): Promise<number> {
  const values = actual instanceof Tensor ? await actual.read() : actual;
  if (values.length !== expected.length) return Infinity;
  let [largest, difference] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    const error = Math.abs(values[i] - expected[i]);
    difference = Math.max(difference, Number.isNaN(error) ? Infinity : error);
  }
  return difference === 0 ? 0 : difference / (scale ?? largest);
}

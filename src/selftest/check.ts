import { Random } from '../core/random';
import type { AdapterReport } from '../gpu/device';
import type { Runtime } from '../gpu/runtime';
import { type DType, elements, type Shape, Tensor } from '../tensor/tensor';

/** Values computed by a kernel, and the same in float64 on the CPU. */
export interface Comparison {
  readonly what: string;
  readonly actual: Tensor<DType> | ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  /** that errors are relative to; default the largest expected value */
  readonly magnitude?: number;
}

/** One small case, at awkward shapes. */
export interface Check {
  readonly name: string;
  /** names of the kernels that it checks */
  readonly kernels: readonly string[];
  /** the largest error allowed, relative to `Comparison.magnitude`; 0 if the result must be exact */
  readonly tolerance: number;
  /** whether an adapter can run it; default true */
  suits?(adapter: AdapterReport): boolean;
  run(lab: Lab): Comparison[] | Promise<Comparison[]>;
}

export interface CheckResult {
  readonly name: string;
  readonly kernels: readonly string[];
  readonly tolerance: number;
  readonly passed: boolean;
  /** the largest relative error; undefined if the check could not run */
  readonly error?: number;
  /** which result is wrong, and by how much */
  readonly problem?: string;
}

/** A tensor and its values in float64. */
export interface Sample {
  readonly tensor: Tensor;
  readonly values: Float64Array;
}

/** What a check works with: the GPU, and the same random numbers in every run. */
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

  /** A tensor of these values, rounded to float32. */
  given(shape: Shape, values: ArrayLike<number>, label = 'sample'): Sample {
    const data = Float32Array.from(values);
    return { tensor: Tensor.from(this.gpu, shape, data, label), values: Float64Array.from(data) };
  }

  /**
   * Compares a gradient with the derivative of `forward` along a random direction, from central differences in float64.
   *
   * @param dy the gradient of the result of `forward`
   * @param dx the gradient of x that a kernel computed
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
    const moved = (sign: number) => forward(x.map((value, i) => value + sign * step * direction[i]!));
    const [after, before] = [moved(1), moved(-1)];
    const expected = dy.reduce((sum, value, i) => sum + (value * (after[i]! - before[i]!)) / (2 * step), 0);
    const found = await dx.read();
    const actual = found.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    return { what, actual: [actual], expected: [expected], magnitude: Math.hypot(...found) };
  }
}

/**
 * Runs one check. An error in it becomes a failed result. The tensors of a check are small, and live as long as the runtime.
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

async function errorOf({ actual, expected, magnitude }: Comparison): Promise<number> {
  const values = actual instanceof Tensor ? await actual.read() : actual;
  if (values.length !== expected.length) return Infinity;
  let [largest, difference] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const error = Math.abs(values[i]! - expected[i]!);
    difference = Math.max(difference, Number.isNaN(error) ? Infinity : error);
  }
  return difference === 0 ? 0 : difference / (magnitude ?? largest);
}

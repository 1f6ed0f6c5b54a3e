import adamKernel from '../../shaders/optim/adam.wgsl';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { addInto, zerosLike } from '../ops/elementwise';
import { linearGrid } from '../ops/grid';
import { sumOfSquares } from '../ops/reduce';
import { unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import type { ParameterSet } from './parameters';

/** How Adam steps. The defaults are the released settings of PyramidFlow. */
export interface AdamSettings {
  /** default 2e-4 */
  readonly learningRate: number;
  /** decay of the first and the second moment, in [0, 1); default 0.5 and 0.9 */
  readonly betas: readonly [number, number];
  /** added to the root of the second moment; default 1e-4 */
  readonly epsilon: number;
  /** L2 decay, added to the gradient after clipping; default 1e-5 */
  readonly weightDecay: number;
  /** the largest norm of all gradients together; longer ones are scaled down to it; default 1, Infinity for none */
  readonly clipNorm: number;
}

/** The state of an optimizer: steps taken, and both moments by the name of their parameter. */
export interface OptimizerState {
  readonly steps: number;
  readonly first: ReadonlyMap<string, Float32Array>;
  readonly second: ReadonlyMap<string, Float32Array>;
}

const LARGEST = 3e38; // float32

export const ADAM_DEFAULTS: AdamSettings = {
  learningRate: 2e-4,
  betas: [0.5, 0.9],
  epsilon: 1e-4,
  weightDecay: 1e-5,
  clipNorm: 1,
};

/**
 * Adam (Kingma and Ba, 2015) with clipping by the global gradient norm, for a whole parameter set in one dispatch:
 *
 *     g <- gradient * min(1, clipNorm / (norm + 1e-6)) + weightDecay * value
 *     first <- beta1 first + (1 - beta1) g,  second <- beta2 second + (1 - beta2) g^2
 *     value <- value - learningRate * first / (1 - beta1^t) / (sqrt(second / (1 - beta2^t)) + epsilon)
 *
 * @example
 * const adam = new Adam(flow.parameters, { learningRate: 1e-3, betas: [0.9, 0.999] });
 * const loss = await flow.step(x, nll, adam);
 */
export class Adam {
  /** one per segment of the parameters */
  readonly firstMoments: readonly Tensor[];
  readonly secondMoments: readonly Tensor[];
  /** steps taken */
  steps = 0;
  readonly settings: AdamSettings;
  private readonly corrections: Tensor;
  private submits = -1; // the runtime's count when the last step was recorded

  /** @throws PyramidFlowError UsageError for a setting out of its range */
  constructor(
    readonly parameters: ParameterSet,
    settings: Partial<AdamSettings> = {},
  ) {
    const { learningRate, betas, epsilon, weightDecay, clipNorm } = { ...ADAM_DEFAULTS, ...settings };
    this.settings = { learningRate, betas, epsilon, weightDecay, clipNorm };
    checkSettings(this.settings);
    const { gpu, segments } = parameters;
    const moments = (label: string) => segments.map(({ values }) => unscoped(() => zerosLike(values, label)));
    this.firstMoments = moments('Adam first moment');
    this.secondMoments = moments('Adam second moment');
    this.corrections = unscoped(() => Tensor.empty(gpu, [2], 'Adam bias corrections'));
    this.corrections.write(new Float32Array(2)); // submits commands that may still use this buffer for its previous owner
  }

  /**
   * Continues an earlier run.
   *
   * @throws PyramidFlowError UsageError if the moments belong to another model
   */
  restore({ steps, first, second }: OptimizerState): void {
    const [firsts, seconds] = [this.parameters.pack(first), this.parameters.pack(second)];
    this.steps = steps;
    for (const [i, tensor] of this.firstMoments.entries()) tensor.write(firsts[i]!);
    for (const [i, tensor] of this.secondMoments.entries()) tensor.write(seconds[i]!);
  }

  /** The current state, as `restore` takes it. */
  async state(): Promise<OptimizerState> {
    const read = async (moments: readonly Tensor[]) =>
      this.parameters.unpack(await Promise.all(moments.map((tensor) => tensor.read())));
    const [first, second] = await Promise.all([read(this.firstMoments), read(this.secondMoments)]);
    return { steps: this.steps, first, second };
  }

  /**
   * Updates the parameters from their gradients. If the norm of the gradients is not finite, they stay as they are.
   *
   * @returns the squared norm of the gradients before clipping, [1]
   */
  step(): Tensor {
    const { segments, gpu } = this.parameters;
    this.uploadCorrections();
    const squaredNorm = totalOfSquares(
      gpu,
      segments.map(({ gradients }) => gradients),
    );
    const { learningRate, betas, epsilon, weightDecay, clipNorm } = this.settings;
    for (const [i, { values: value, gradients: gradient }] of segments.entries()) {
      const [first, second] = [this.firstMoments[i]!, this.secondMoments[i]!];
      gpu.run(adamKernel, {
        tensors: { value, gradient, first, second, squaredNorm, step: this.corrections },
        uniforms: {
          size: value.size,
          rate: learningRate,
          beta1: betas[0],
          beta2: betas[1],
          epsilon,
          decay: weightDecay,
          maxNorm: Math.min(clipNorm, LARGEST),
        },
        grid: linearGrid(value.size),
      });
    }
    return squaredNorm;
  }

  /** Writes the bias corrections, which differ from step to step, ahead of the recorded commands: a step stays one submit. */
  private uploadCorrections(): void {
    const { gpu, slice } = this.corrections;
    this.steps++;
    if (gpu.counts().submits === this.submits) gpu.flush(); // the previous step has not run yet, and reads its own values from the same buffer
    this.submits = gpu.counts().submits;
    gpu.writeAhead(
      slice,
      Float32Array.from(this.settings.betas, (beta) => 1 - beta ** this.steps),
    );
  }

  /** Frees the moments; the parameters stay. */
  free(): void {
    for (const tensor of [...this.firstMoments, ...this.secondMoments, this.corrections]) tensor.free();
  }
}

/** The sum of all squares in these tensors, [1]. */
function totalOfSquares(gpu: Runtime, tensors: readonly Tensor[]): Tensor {
  const [total, ...others] = tensors.map(sumOfSquares);
  for (const other of others) {
    addInto(total!, other);
    other.free();
  }
  return total ?? Tensor.zeros(gpu, [1], 'no gradients');
}

/** What each setting must be. */
const RANGES: readonly (readonly [name: keyof AdamSettings, range: string, fits: (value: number) => boolean])[] = [
  ['learningRate', 'at least 0', (value) => value >= 0],
  ['betas', 'from 0 to below 1', (value) => value >= 0 && value < 1],
  ['epsilon', 'above 0', (value) => value > 0],
  ['weightDecay', 'at least 0', (value) => value >= 0],
  ['clipNorm', 'above 0', (value) => value > 0],
];

function checkSettings(settings: AdamSettings): void {
  for (const [name, range, fits] of RANGES) {
    const finite = (value: number) => value < Infinity || name === 'clipNorm'; // an infinite norm: no clipping
    const bad = [settings[name]].flat().find((value) => !fits(value) || !finite(value));
    if (bad === undefined) continue;
    const problem = `expected Adam's ${name} ${range}, got ${bad}`;
    throw new PyramidFlowError('UsageError', problem, 'pass a number in this range', { details: { settings: [name] } });
  }
}

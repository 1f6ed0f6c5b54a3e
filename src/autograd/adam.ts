import adamKernel from '../../shaders/optim/adam.wgsl';
import { fill } from '../ops/elementwise';
import { linearGrid } from '../ops/grid';
import { sumOfSquares } from '../ops/reduce';
import { unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import type { ParameterSet } from './parameters';

export interface AdamSettings {
  /** default 2e-4 */
  readonly learningRate: number;
  /** decay of the first and the second moment, in [0, 1); default 0.5 and 0.9 */
  readonly betas: readonly [number, number];
  /** added to the root of the second moment; default 1e-4 */
  readonly epsilon: number;
  /** L2 decay, added to the gradient after clipping; default 1e-5 */
  readonly weightDecay: number;
  /** the largest norm of all gradients together; longer ones are scaled down to it; default 1 */
  readonly clipNorm: number;
}

/** The state of an optimizer: steps taken, and both moments by the name of their parameter. */
export interface OptimizerState {
  readonly steps: number;
  readonly first: ReadonlyMap<string, Float32Array>;
  readonly second: ReadonlyMap<string, Float32Array>;
}

/** The released settings of PyramidFlow. */
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
 */
export class Adam {
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
  /** steps taken */
  steps = 0;
  readonly settings: AdamSettings;
  private readonly corrections: Tensor;
  private submits = -1; // the runtime's count when the last step was recorded

  constructor(
    private readonly parameters: ParameterSet,
    settings: Partial<AdamSettings> = {},
  ) {
    const { learningRate, betas, epsilon, weightDecay, clipNorm } = { ...ADAM_DEFAULTS, ...settings };
    this.settings = { learningRate, betas, epsilon, weightDecay, clipNorm };
    const { gpu, shape } = parameters.values;
    const made = unscoped(() => ({
      first: Tensor.empty(gpu, shape, 'Adam first moment'),
      second: Tensor.empty(gpu, shape, 'Adam second moment'),
      corrections: Tensor.empty(gpu, [2], 'Adam bias corrections'),
    }));
    this.firstMoment = made.first;
    this.secondMoment = made.second;
    this.corrections = made.corrections;
    fill(this.firstMoment, 0);
    fill(this.secondMoment, 0);
    this.corrections.write(new Float32Array(2)); // submits commands that may still use this buffer for its previous owner
  }

  /**
   * Continues an earlier run.
   *
   * @throws PyramidFlowError UsageError if the moments belong to another model
   */
  restore({ steps, first, second }: OptimizerState): void {
    this.steps = steps;
    this.firstMoment.write(this.parameters.pack(first));
    this.secondMoment.write(this.parameters.pack(second));
  }

  /** The current state, as `restore` takes it. */
  async state(): Promise<OptimizerState> {
    const [first, second] = await Promise.all([this.firstMoment.read(), this.secondMoment.read()]);
    return { steps: this.steps, first: this.parameters.unpack(first), second: this.parameters.unpack(second) };
  }

  /**
   * Updates the parameters from their gradients. If the norm of the gradients is not finite, they stay as they are.
   *
   * @returns the squared norm of the gradients before clipping, [1]
   */
  step(): Tensor {
    const { values: value, gradients: gradient } = this.parameters;
    this.uploadCorrections();
    const squaredNorm = sumOfSquares(gradient);
    const { learningRate, betas, epsilon, weightDecay, clipNorm } = this.settings;
    value.gpu.run(adamKernel, {
      tensors: { value, gradient, first: this.firstMoment, second: this.secondMoment, squaredNorm, step: this.corrections },
      uniforms: {
        size: value.size,
        rate: learningRate,
        beta1: betas[0],
        beta2: betas[1],
        epsilon,
        decay: weightDecay,
        maxNorm: clipNorm,
      },
      grid: linearGrid(value.size),
    });
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

  free(): void {
    for (const tensor of [this.firstMoment, this.secondMoment, this.corrections]) tensor.free();
  }
}

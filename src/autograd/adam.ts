import adamKernel from '../../shaders/optim/adam.wgsl';
import { fill } from '../ops/elementwise';
import { linearGrid } from '../ops/grid';
import { sumOfSquares } from '../ops/reduce';
import { unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import type { ParameterSet } from './parameters';

export interface AdamSettings {
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** L2 decay, added to the gradient after clipping */
  readonly weightDecay: number;
  /** largest norm of all gradients together */
  readonly clipNorm: number;
}

/** Where an optimizer stands: its moments by the names of the parameters, each as long as its parameter. */
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

/** Adam behind clipping by the global gradient norm, over a whole parameter set at once. */
export class Adam {
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
  /** steps taken */
  steps = 0;
  readonly settings: AdamSettings;
  private readonly corrections: Tensor;
  private submits = -1; // of the runtime, when the last step was recorded

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
    this.corrections.write(new Float32Array(2)); // submits what may still use a buffer that was handed out before
  }

  /** Goes on from an earlier run. Throws UsageError for moments of another model. */
  restore({ steps, first, second }: OptimizerState): void {
    this.steps = steps;
    this.firstMoment.write(this.parameters.pack(first));
    this.secondMoment.write(this.parameters.pack(second));
  }

  /** What `restore` takes. */
  async state(): Promise<OptimizerState> {
    const [first, second] = await Promise.all([this.firstMoment.read(), this.secondMoment.read()]);
    return { steps: this.steps, first: this.parameters.unpack(first), second: this.parameters.unpack(second) };
  }

  /**
   * Moves the parameters by their gradients. Returns the squared norm of the gradients before clipping, [1]; where it is
   * not finite, nothing has moved.
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

  /** Of the moments' bias. They change from step to step: ahead of all that is recorded, so that a step stays one submit. */
  private uploadCorrections(): void {
    const { gpu, slice } = this.corrections;
    this.steps++;
    if (gpu.counts().submits === this.submits) gpu.flush(); // the step before is recorded, but has not read its own yet
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

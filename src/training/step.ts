import { Adam, type AdamSettings } from '../autograd/adam';
import { Tape } from '../autograd/tape';
import { PyramidFlowError } from '../core/errors';
import type { ReversibleChain } from '../flow/reversible';
import { gatherScalars } from '../ops/scalars';
import { fourierLossAndGradient } from '../pyramidflow/fourier-loss';
import type { MemoryMode } from '../pyramidflow/settings';
import { type TrainablePyramidFlow, trainableChain } from '../pyramidflow/trainable';
import { scope } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';

/** The settings that a step needs; those left out take the released values. */
export interface TrainerSettings extends Partial<AdamSettings> {
  readonly memory?: MemoryMode;
  /** p of the pair differences, 1 or 2; default 2 */
  readonly power?: 1 | 2;
}

export interface StepReport {
  readonly loss: number;
  /** norm of all gradients together, before clipping */
  readonly gradientNorm: number;
}

/** Trains a PyramidFlow: one step is one submit, and the loss comes back while the next step may already run. */
export class Trainer {
  readonly optimizer: Adam;
  private readonly chain: ReversibleChain;
  private readonly memory: MemoryMode;
  private readonly power: 1 | 2;

  constructor(
    readonly model: TrainablePyramidFlow,
    { memory = 'reversible', power = 2, ...adam }: TrainerSettings = {},
  ) {
    if (model.isPrepared) {
      const problem = 'this model was prepared for inference, and its weights can no longer change';
      throw new PyramidFlowError('UsageError', problem, 'train one that was not prepared');
    }
    this.chain = trainableChain(model);
    this.memory = memory;
    this.power = power;
    this.optimizer = new Adam(model.parameters, adam);
  }

  /** Compiles the pipelines of a step in parallel. */
  async compile(batch: number): Promise<void> {
    const { gpu, config } = this.model;
    const taken = this.optimizer.steps;
    const compiled = gpu.rehearse(() => {
      scope(() => void this.record(Tensor.empty(gpu, [batch, 3, config.height, config.width], 'images')));
    });
    this.optimizer.steps = taken;
    await compiled;
  }

  /**
   * One step on `images` (N >= 2, 3, H, W), which the caller still owns. The returned promise waits for the GPU; where loss or
   * norm is not finite, the parameters have not moved.
   */
  async step(images: Tensor): Promise<StepReport> {
    const report = this.record(images);
    const values = report.read();
    report.free();
    const [loss = NaN, squaredNorm = NaN] = await values;
    return { loss, gradientNorm: Math.sqrt(squaredNorm) };
  }

  /** d(loss)/d(parameters) into the parameter set, in either mode. Returns the loss, [1]. */
  gradients(images: Tensor, updateRunningMeans: boolean): Tensor {
    this.model.parameters.zeroGradients();
    const compute = this.memory === 'reversible' ? this.reversibleGradients : this.plainGradients;
    return scope(() => compute.call(this, images, updateRunningMeans));
  }

  free(): void {
    this.optimizer.free();
  }

  /** Records a whole step; the result holds loss and squared gradient norm, [2]. */
  private record(images: Tensor): Tensor {
    return scope(() => {
      const loss = this.gradients(images, true);
      return gatherScalars([loss, this.optimizer.step()], 'step report');
    });
  }

  private reversibleGradients(images: Tensor, updateRunningMeans: boolean): Tensor {
    const levels = this.model.embed(images);
    this.chain.forward(levels, { training: true, updateRunningMeans });
    const { loss, gradients } = fourierLossAndGradient(levels, this.power);
    this.chain.backward(levels, gradients);
    [...levels, ...gradients].forEach((tensor) => tensor.free());
    return loss;
  }

  private plainGradients(images: Tensor, updateRunningMeans: boolean): Tensor {
    const tape = new Tape();
    const inputs = this.model.embed(images);
    const { levels } = this.chain.forwardOnTape(tape, inputs, { training: true, updateRunningMeans });
    const { loss, gradients } = fourierLossAndGradient(levels, this.power);
    this.model.parameters.addGradients(tape.backward(levels.map((level, i) => [level, gradients[i]!] as const)));
    [...inputs, ...levels].forEach((tensor) => tensor.free());
    return loss;
  }
}

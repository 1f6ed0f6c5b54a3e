import type { ParameterSet } from '../autograd/parameters';
import type { Tape } from '../autograd/tape';
import type { Invertible, Pass } from '../flow/reversible';
import { replace } from '../flow/reversible';
import { CLAMP, LEAKY_SLOPE, leakyReluOp, softClampHead, softClampHeadGradient, softClampOp } from '../ops/activation';
import { affineGradient, affineOp, applyAffine, type LogScale } from '../ops/affine';
import { conv2dOp } from '../ops/conv/convolve';
import { addInto, scaleInto } from '../ops/elementwise';
import { add } from '../ops/math';
import { nearestOp, resizeNearest } from '../ops/nearest';
import { apply } from '../ops/op';
import { removeMean, subtractMean, updateRunningMean, type VolumeNorm, volumeMean, volumeNormOp } from '../ops/volume-norm';
import type { Tensor } from '../tensor/tensor';
import { conditionOp, type NetworkInputs, type NetworkSize, networkGradients, runNetwork } from './coupling-network';

const MIB = 2 ** 20;
/** The finest level determines the peak memory of a step, so it is run to save memory; the others then stay below that peak. */
const AT_THE_PEAK = { workspace: 2 * MIB, singly: true };
const IN_TRAINING = { workspace: 8 * MIB };

/** The levels of an affine coupling. */
export interface CouplingLevels {
  readonly target: number;
  /** the levels that its network reads, finest first */
  readonly conditions: readonly number[];
  /** the level at whose size its network works: the target, or a finer level, whose every second row and column is then used */
  readonly network: number;
}

/** One coupling: its place among the levels, and its tensors. */
export interface Coupling {
  readonly levels: CouplingLevels;
  /** (2C, C or 2C, k, k), the first convolution of its network */
  readonly conv1: Tensor;
  /** (2C, 2C, k, k), the second */
  readonly conv2: Tensor;
  readonly norm: VolumeNorm;
  /** (1, 1, H, W) of the network's level for CVN, (1, C, 1, 1) for SVN */
  readonly runningMean: Tensor;
}

/**
 * Affine coupling between levels of a pyramid (paper, section 3.2): z <- exp(s) * z + t, where the coupling network computes (a, t)
 * from the neighbouring levels, and s = normalize(clamp(a)). This is the coupling as it is trained; `InferenceBlock` runs it with
 * fixed weights.
 */
export class AffineCoupling implements Invertible {
  readonly target: number;
  readonly conditions: readonly number[];
  readonly parameters: readonly [conv1: Tensor, conv2: Tensor];
  private readonly levels: CouplingLevels;
  private readonly norm: VolumeNorm;
  private readonly runningMean: Tensor;

  /** @param set the parameters, which include both convolutions */
  constructor(
    readonly name: string,
    { levels, conv1, conv2, norm, runningMean }: Coupling,
    private readonly set: ParameterSet,
  ) {
    this.target = levels.target;
    this.conditions = levels.conditions;
    this.parameters = [conv1, conv2];
    this.levels = levels;
    this.norm = norm;
    this.runningMean = runningMean;
  }

  forward(tape: Tape, levels: readonly Tensor[], pass: Pass): Tensor {
    const [w1, w2] = this.parameters;
    const target = levels[this.target];
    const size = this.size(levels, pass);
    const { workspace } = size; // as in place, so that both compute the same
    const input = tape.run(() => apply(conditionOp, Object.fromEntries(this.inputs(levels).levels.entries()), size));
    const raw = tape.run(() => apply(conv2dOp, { x: input, w: w1 }, { workspace }));
    const hidden = tape.run(() => apply(leakyReluOp, { x: raw }, { slope: LEAKY_SLOPE }));
    const network = tape.run(() => apply(conv2dOp, { x: hidden, w: w2 }, { workspace }));
    const clamped = tape.run(() => apply(softClampOp, { x: network }, { channels: target.shape[1], alpha: CLAMP }));
    const { norm: kind, runningMean } = this;
    if (pass.updateRunningMeans) {
      const mean = volumeMean(clamped, kind);
      updateRunningMean(runningMean, mean);
      mean.free();
    }
    const normalization = { kind, training: pass.training };
    const y = tape.run(() => apply(affineOp, { x: target, logScale: clamped, network, runningMean }, normalization));
    const { logDeterminants } = pass;
    if (logDeterminants) {
      const [height, width] = target.shape.slice(2);
      const logScale = tape.run(() => apply(volumeNormOp, { x: clamped, runningMean }, normalization));
      const b = tape.run(() => apply(nearestOp, { x: logScale }, { height, width }));
      const a = logDeterminants[this.target];
      replace(
        logDeterminants,
        this.target,
        tape.run(() => add(a, b)),
      );
      [logScale, b].forEach((made) => made.free());
    }
    for (const made of [input, raw, hidden, network, clamped]) made.free();
    return y;
  }

  forwardInPlace(levels: Tensor[], pass: Pass): void {
    const network = runNetwork(this.inputs(levels), this.size(levels, pass));
    const logScale = this.logScale(network, pass);
    applyAffine(levels[this.target], logScale, network, 'forward');
    this.trackLogScale(logScale, levels, pass, 1);
  }

  inverse(levels: readonly Tensor[], pass: Pass): Tensor {
    const network = runNetwork(this.inputs(levels), this.size(levels, pass));
    const logScale = this.logScale(network, pass);
    const x = levels[this.target].copy();
    applyAffine(x, logScale, network, 'inverse');
    this.trackLogScale(logScale, levels, pass, -1);
    return x;
  }

  /** One run of the network serves both inverse and backward: its output restores the target, and is then replaced by its gradient. */
  backward(levels: Tensor[], gradients: Tensor[], pass: Pass): void {
    const inputs = this.inputs(levels);
    const size = this.size(levels, pass);
    const network = runNetwork(inputs, size);
    const logScale = this.logScale(network, pass);
    affineGradient(levels[this.target], gradients[this.target], logScale, network, true);
    removeMean(logScale.values, this.norm);
    softClampHeadGradient(network, logScale.values, CLAMP); // from here `network` holds its own gradient
    [logScale.values, logScale.mean].forEach((tensor) => tensor.free());
    networkGradients(network, inputs, this.inputGradients(gradients), size);
  }

  private logScale(network: Tensor, pass: Pass): LogScale {
    const values = softClampHead(network, network.shape[1] / 2, CLAMP);
    const mean = pass.training ? volumeMean(values, this.norm) : this.runningMean;
    if (pass.updateRunningMeans) updateRunningMean(this.runningMean, mean);
    return { values, mean, kind: this.norm };
  }

  private trackLogScale({ values, mean, kind }: LogScale, levels: readonly Tensor[], pass: Pass, sign: 1 | -1): void {
    if (!pass.logDeterminants) return;
    subtractMean(values, mean, kind);
    const [height, width] = levels[this.target].shape.slice(2);
    const own = resizeNearest(values, height, width);
    if (sign < 0) scaleInto(own, -1);
    addInto(pass.logDeterminants[this.target], own);
    own.free();
  }

  private inputs(levels: readonly Tensor[]): NetworkInputs<Tensor> {
    const [w1, w2] = this.parameters;
    return { levels: this.conditions.map((level) => levels[level]), w1, w2 };
  }

  private inputGradients(gradients: readonly Tensor[]): NetworkInputs<Tensor> {
    const [w1, w2] = this.parameters.map((value) => this.set.gradientOf(value));
    return { levels: this.conditions.map((level) => gradients[level]), w1, w2 };
  }

  private size(levels: readonly Tensor[], { training }: Pass): NetworkSize {
    const { network } = this.levels;
    const [, , height, width] = levels[network].shape;
    return { height, width, ...(training && (network === 0 ? AT_THE_PEAK : IN_TRAINING)) };
  }
}

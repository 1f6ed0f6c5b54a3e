import type { ParameterSet } from '../autograd/parameters';
import type { Tape } from '../autograd/tape';
import type { Invertible, Pass } from '../flow/reversible';
import { replace } from '../flow/reversible';
import { CLAMP, LEAKY_SLOPE, leakyRelu, softClamp, softClampHead, softClampHeadGradient } from '../ops/activation';
import { affine, affineGradient, applyAffine, type LogScale } from '../ops/affine';
import { conv2d } from '../ops/conv/convolve';
import { add, addInto, scaleInto } from '../ops/elementwise';
import { nearest } from '../ops/nearest';
import { removeMean, subtractMean, updateRunningMean, type VolumeNorm, volumeMean, volumeNorm } from '../ops/volume-norm';
import type { Tensor } from '../tensor/tensor';
import { condition, type NetworkInputs, type NetworkSize, networkGradients, runNetwork } from './coupling-network';

const MIB = 2 ** 20;
/** The peak of a step lies at the finest level and is kept low; the others shall not exceed it. */
const AT_THE_PEAK = { workspace: 2 * MIB, singly: true };
const IN_TRAINING = { workspace: 8 * MIB };

/** Which levels an affine coupling works on. */
export interface CouplingLevels {
  readonly target: number;
  /** the levels that condition it, finest first */
  readonly conditions: readonly number[];
  /** the level at whose size the network works: the target's, or a finer one, whose result is then shrunk to the target */
  readonly network: number;
}

/**
 * Affine coupling between levels of a pyramid (paper, section 3.2): target <- exp(s) * target + t, where (s, t) come from a
 * convolutional network on the neighbouring levels, s through a soft clamp and volume normalization.
 */
export class AffineCoupling implements Invertible {
  readonly target: number;
  readonly conditions: readonly number[];
  readonly parameters: readonly Tensor[];

  /**
   * @param prefix of the parameters' names, `conv1` and `conv2`
   * @param runningMean (1, 1, H, W) of the network's level for CVN, (1, C, 1, 1) for SVN
   */
  constructor(
    readonly name: string,
    private readonly set: ParameterSet,
    private readonly prefix: string,
    private readonly levels: CouplingLevels,
    private readonly norm: VolumeNorm,
    private readonly runningMean: Tensor,
  ) {
    this.target = levels.target;
    this.conditions = levels.conditions;
    this.parameters = [set.get(`${prefix}conv1`), set.get(`${prefix}conv2`)];
  }

  forward(tape: Tape, levels: readonly Tensor[], pass: Pass): Tensor {
    const [w1, w2] = this.parameters;
    const target = levels[this.target];
    const size = this.size(levels, pass);
    const { workspace } = size; // as in the other memory mode, so that both compute the same
    const input = tape.apply(condition, Object.fromEntries(this.inputs(levels).levels.entries()), size);
    const raw = tape.apply(conv2d, { x: input, w: w1 }, { workspace });
    const hidden = tape.apply(leakyRelu, { x: raw }, { slope: LEAKY_SLOPE });
    const network = tape.apply(conv2d, { x: hidden, w: w2 }, { workspace });
    const clamped = tape.apply(softClamp, { x: network }, { channels: target.shape[1], alpha: CLAMP });
    const { norm: kind, runningMean } = this;
    if (pass.updateRunningMeans) {
      const mean = volumeMean(clamped, kind);
      updateRunningMean(runningMean, mean);
      mean.free();
    }
    const normalization = { kind, training: pass.training };
    const y = tape.apply(affine, { x: target, logScale: clamped, network, runningMean }, normalization);
    if (pass.logDeterminants) {
      const [height, width] = target.shape.slice(2);
      const logScale = tape.apply(volumeNorm, { x: clamped, runningMean }, normalization);
      const b = tape.apply(nearest, { x: logScale }, { height, width });
      replace(pass.logDeterminants, this.target, tape.apply(add, { a: pass.logDeterminants[this.target], b }, undefined));
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

  /** One run of the network serves inverse and gradient: its result scales back the target, then takes in its own gradient. */
  backward(levels: Tensor[], gradients: Tensor[], pass: Pass): void {
    const inputs = this.inputs(levels);
    const size = this.size(levels, pass);
    const network = runNetwork(inputs, size);
    const logScale = this.logScale(network, pass);
    affineGradient(levels[this.target], gradients[this.target], logScale, network, true);
    removeMean(logScale.values, this.norm);
    softClampHeadGradient(network, logScale.values, CLAMP); // by now `network` holds the gradient of what it held
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
    const own = nearest.forward({ x: values }, { height, width });
    if (sign < 0) scaleInto(own, -1);
    addInto(pass.logDeterminants[this.target], own);
    own.free();
  }

  private inputs(levels: readonly Tensor[]): NetworkInputs {
    const [w1, w2] = this.parameters;
    return { levels: this.conditions.map((level) => levels[level]), w1, w2 };
  }

  private inputGradients(gradients: readonly Tensor[]): NetworkInputs {
    const [w1, w2] = ['conv1', 'conv2'].map((name) => this.set.gradient(this.prefix + name));
    return { levels: this.conditions.map((level) => gradients[level]), w1, w2 };
  }

  private size(levels: readonly Tensor[], { training }: Pass): NetworkSize {
    const { network } = this.levels;
    const [, , height, width] = levels[network].shape;
    return { height, width, ...(training && (network === 0 ? AT_THE_PEAK : IN_TRAINING)) };
  }
}

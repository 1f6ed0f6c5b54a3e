import type { Parameter } from '../autograd/parameters';
import type { Random } from '../core/random';
import type { Bijection, Fused, GradientOf, Pass, Tensors, Transformed, ValueAndGradient } from '../flow/bijection';
import { layer, type Network } from '../flow/networks';
import type { Runtime } from '../gpu/runtime';
import { SMALL_WORKSPACE } from '../gpu/workspace';
import { CLAMP, LEAKY_SLOPE, leakyRelu, softClamp, softClampHead, softClampHeadGradient } from '../ops/activation';
import { affine, affineGradient, applyAffine, type LogScale } from '../ops/affine';
import { conv2d } from '../ops/conv/convolve';
import { nearest } from '../ops/nearest';
import { sumItems } from '../ops/sums';
import { meanShape, removeMean, updateRunningMean, type VolumeNorm, volumeMean, volumeNorm } from '../ops/volume-norm';
import { elements, type Shape, type Tensor } from '../tensor/tensor';
import { condition, type NetworkSize, networkGradients, runNetwork } from './coupling-network';

/**
 * How convolutions of a training step work. With a small workspace, the finest level, which determines the peak memory of a step, is
 * run to save memory, and the others stay below that peak: with caches in mind, an eighth and a half of the workspace.
 */
function trainingSize({ workspace }: Runtime, finest: boolean): Pick<NetworkSize, 'workspace' | 'singly'> {
  if (workspace > SMALL_WORKSPACE) return { workspace };
  return finest ? { workspace: workspace / 8, singly: true } : { workspace: workspace / 2 };
}

/** What a coupling between levels is. */
export interface CouplingSettings {
  /** volume normalization of the log scales */
  readonly norm: VolumeNorm;
  /** kernel size of the convolutions of its network */
  readonly kernel: number;
  /** whether its network works at the size of the first condition, which is finer than the target: a `down` block; default false */
  readonly fine?: boolean;
  /** whether its network works at the size of the finest level, where it saves memory; default false */
  readonly finest?: boolean;
  /** from the conditions, resized and concatenated, to 2 C channels; default two convolutions, which run on fused kernels */
  readonly network?: Network;
}

/**
 * Affine coupling between levels of a pyramid (paper, section 3.2): z <- exp(s) z + t, where the coupling network computes (a, t)
 * from the neighbouring levels, and s = normalize(clamp(a)). This is the coupling as it is trained; `InferenceBlock` runs it with
 * fixed weights.
 */
export class LevelCoupling implements Bijection {
  readonly name = 'coupling';
  readonly fused: Fused | undefined;

  constructor(private readonly settings: CouplingSettings) {
    if (!settings.network) {
      this.fused = {
        forward: (x, p, given, pass) => this.apply(x, p, given, pass, 'forward'),
        backward: (target, p, dp, given, pass) => this.backward(target, p, dp, given, pass),
      };
    }
  }

  parameters([channels = 0, ...own]: Shape, random: Random, given: readonly Shape[]): Record<string, Parameter> {
    const { norm, kernel, network, fine } = this.settings;
    const inputs = given.reduce((sum, [count = 0]) => sum + count, 0);
    const [height = 0, width = 0] = fine ? given[0]!.slice(1) : own;
    const weights = network
      ? network.parameters([inputs, height, width], 2 * channels, random)
      : {
          conv1: layer([2 * channels, inputs, kernel, kernel], random),
          conv2: layer([2 * channels, 2 * channels, kernel, kernel]), // zero: the coupling starts as the identity
        };
    const shape = meanShape(norm, [1, channels, height, width]);
    return { ...weights, running_mean: { shape, data: new Float32Array(elements(shape)), trained: false } };
  }

  forward(x: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass): Transformed {
    const { y, s } = this.transform(x, p, given, pass);
    return { y, logDet: () => sumItems(s()) };
  }

  /** y, and the log scale of every element, (N, C, H, W). */
  transform(x: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass): { y: Tensor; s: () => Tensor } {
    const [, channels = 0, height = 0, width = 0] = x.shape;
    const raw = this.network(x, p, given, pass);
    const clamped = softClamp(raw, { channels, alpha: CLAMP });
    if (pass.updateRunningMeans) this.updateRunningMean(clamped, p);
    const norm = { kind: this.settings.norm, training: pass.training };
    const y = affine(x, clamped, raw, p.running_mean!, norm);
    return { y, s: () => nearest(volumeNorm(clamped, p.running_mean!, norm), height, width) };
  }

  inverse(y: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass): Tensor {
    const x = y.copy();
    this.apply(x, p, given, pass, 'inverse');
    return x;
  }

  /** The network by operations that a tape records. */
  private network(x: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass): Tensor {
    const size = this.size(x, given, pass);
    const input = condition(given, size);
    if (this.settings.network) return this.settings.network.forward(input, p);
    const { workspace } = size; // as in the fused network, so that both compute the same
    return conv2d(leakyRelu(conv2d(input, p.conv1!, { workspace }), LEAKY_SLOPE), p.conv2!, { workspace });
  }

  private apply(x: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass, direction: 'forward' | 'inverse'): void {
    const raw = this.settings.network
      ? this.network(x, p, given, pass)
      : runNetwork({ levels: given, w1: p.conv1!, w2: p.conv2! }, this.size(x, given, pass));
    applyAffine(x, this.logScale(raw, p, pass), raw, direction);
  }

  /** One run of the network serves both inverse and backward: its output restores the target, and is then replaced by its gradient. */
  private backward(
    target: ValueAndGradient,
    p: Tensors,
    dp: GradientOf,
    given: readonly ValueAndGradient[],
    pass: Pass,
  ): void {
    const levels = given.map(({ value }) => value);
    const size = this.size(target.value, levels, pass);
    const inputs = { levels, w1: p.conv1!, w2: p.conv2! };
    const raw = runNetwork(inputs, size);
    const logScale = this.logScale(raw, p, pass);
    affineGradient(target.value, target.gradient, logScale, raw, true);
    removeMean(logScale.values, this.settings.norm);
    softClampHeadGradient(raw, logScale.values, CLAMP); // from here `raw` holds its own gradient
    for (const tensor of [logScale.values, logScale.mean]) tensor.free();
    const into = { levels: given.map(({ gradient }) => gradient), w1: dp('conv1'), w2: dp('conv2') };
    networkGradients(raw, inputs, into, size);
  }

  private logScale(raw: Tensor, p: Tensors, pass: Pass): LogScale {
    const kind = this.settings.norm;
    const values = softClampHead(raw, raw.shape[1]! / 2, CLAMP);
    const mean = pass.training ? volumeMean(values, kind) : p.running_mean!;
    if (pass.updateRunningMeans) updateRunningMean(p.running_mean!, mean);
    return { values, mean, kind };
  }

  private updateRunningMean(clamped: Tensor, p: Tensors): void {
    const mean = volumeMean(clamped, this.settings.norm);
    updateRunningMean(p.running_mean!, mean);
    mean.free();
  }

  private size(x: Tensor, given: readonly Tensor[], { training }: Pass): NetworkSize {
    const { fine, finest = false } = this.settings;
    const [, , height = 0, width = 0] = (fine ? given[0]! : x).shape;
    return { height, width, ...(training && trainingSize(x.gpu, finest)) };
  }
}

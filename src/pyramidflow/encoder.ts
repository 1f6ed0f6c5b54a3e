import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { convolve } from '../ops/conv/convolve';
import { biasRelu, maxPool3 } from '../ops/encoder-layers';
import { scope, unscoped } from '../tensor/scope';
import { elements, Tensor } from '../tensor/tensor';
import type { NamedTensors } from './tensors';

const BATCH_NORM_EPSILON = 1e-5; // PyTorch's default, which the ImageNet models use

/** A convolution with its batch norm folded in. */
interface Layer {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/**
 * The frozen first layers of an ImageNet ResNet-18 or -34, conv1 to layer1, in eval mode (He et al., 2016): images (N, 3, H, W) ->
 * features (N, 64, H / 4, W / 4). The tensors determine the depth. No model uses it yet: it is for the paper's stronger variant.
 */
export class ResNetFront {
  private constructor(
    private readonly stem: Layer,
    private readonly blocks: readonly (readonly [Layer, Layer])[],
  ) {}

  /**
   * @param tensors by torchvision's names, such as `layer1.0.bn1.running_var`
   * @throws PyramidFlowError CheckpointError for a missing tensor
   */
  static fromTensors(gpu: Runtime, tensors: NamedTensors): ResNetFront {
    const layer = (conv: string, norm: string) => unscoped(() => foldedLayer(gpu, tensors, conv, norm));
    const blocks: [Layer, Layer][] = [];
    for (let i = 0; i === 0 || tensors.has(`layer1.${i}.conv1.weight`); i++) {
      const convolution = (n: 1 | 2) => layer(`layer1.${i}.conv${n}`, `layer1.${i}.bn${n}`);
      blocks.push([convolution(1), convolution(2)]);
    }
    return new ResNetFront(layer('conv1', 'bn1'), blocks);
  }

  forward(images: Tensor): Tensor {
    return scope(() => {
      let x = maxPool3(activated(images, this.stem, 2));
      for (const [first, second] of this.blocks) x = activated(activated(x, first, 1), second, 1, x);
      return x;
    });
  }

  free(): void {
    for (const { weight, bias } of [this.stem, ...this.blocks.flat()]) {
      weight.free();
      bias.free();
    }
  }
}

function activated(x: Tensor, { weight, bias }: Layer, stride: 1 | 2, residual?: Tensor): Tensor {
  const y = convolve(x, weight, { stride });
  biasRelu(y, bias, residual);
  return y;
}

/** w' = w * gamma / sqrt(var + eps), b' = beta - mean * gamma / sqrt(var + eps). */
function foldedLayer(gpu: Runtime, tensors: NamedTensors, conv: string, norm: string): Layer {
  const take = (name: string) => {
    const found = tensors.get(name);
    if (!found)
      throw new PyramidFlowError('CheckpointError', `the encoder's tensor ${name} is missing`, 'use torchvision weights');
    return found;
  };
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (n) => take(`${norm}.${n}`).data,
  );
  const factor = Float64Array.from(gamma!, (g, o) => g / Math.sqrt(variance![o]! + BATCH_NORM_EPSILON));
  const { shape, data } = take(`${conv}.weight`);
  const fanIn = elements(shape.slice(1));
  return {
    weight: Tensor.from(
      gpu,
      shape,
      data.map((w, at) => w * factor[Math.floor(at / fanIn)]!),
      conv,
    ),
    bias: Tensor.from(
      gpu,
      [shape[0]!],
      beta!.map((b, o) => b - mean![o]! * factor[o]!),
      `${conv} bias`,
    ),
  };
}

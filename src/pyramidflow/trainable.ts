import { ParameterSet } from '../autograd/parameters';
import { type Module, on, type Pass } from '../flow/bijection';
import { mixing } from '../flow/mixing';
import type { Network } from '../flow/networks';
import { ReversibleChain } from '../flow/reversible';
import type { Runtime } from '../gpu/runtime';
import { convolveGradInput } from '../ops/conv/convolve';
import { compose } from '../ops/pyramid';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import { blockConfigs, couplingLevels, type PyramidFlowConfig } from './config';
import { LevelCoupling } from './coupling';
import { hostTensors, PyramidFlow } from './pyramid-flow';
import type { NamedTensors } from './tensors';

/**
 * The blocks of a PyramidFlow as modules of a flow: couplings between the levels of a pyramid, each followed by a mixing of the level
 * that it changed.
 *
 * @param config levels, stacks, and of the default network the kernel
 * @param network of all couplings; default that of the paper
 * @example
 * const flow = new Flow(gpu, [[16, 32, 32], [16, 16, 16]], pyramidBlocks({ levels: 2, stacks: 4, kernel: 7, norm: 'SVN' }));
 */
export function pyramidBlocks(
  { levels, stacks, kernel, norm }: Pick<PyramidFlowConfig, 'levels' | 'stacks' | 'kernel' | 'norm'>,
  network?: Network,
): Module[] {
  return blockConfigs(levels, stacks).flatMap((plan, i) => {
    const { target, conditions, network: size } = couplingLevels(plan);
    const coupling = new LevelCoupling({ norm, kernel, fine: size !== target, finest: size === 0, network });
    const prefix = `blocks.${i}`;
    return [
      on(target, coupling, { given: conditions, name: `${prefix}.coupling (${plan.kind})`, prefix }),
      on(target, mixing({ volume: 'one' }), { name: `${prefix}.mixing`, prefix }),
    ];
  });
}

/** A PyramidFlow that can be trained and inverted. */
export class TrainablePyramidFlow extends PyramidFlow {
  constructor(
    gpu: Runtime,
    config: PyramidFlowConfig,
    readonly parameters: ParameterSet,
  ) {
    super(gpu, config, parameters);
  }

  /** As `PyramidFlow.fromTensors`. */
  static override fromTensors(gpu: Runtime, config: PyramidFlowConfig, tensors: NamedTensors): TrainablePyramidFlow {
    return new TrainablePyramidFlow(gpu, config, new ParameterSet(hostTensors(config, tensors), gpu));
  }
}

/** The blocks of a model as a chain that trains and inverts; it shares the model's tensors. */
export const trainableChain = ({ config, parameters }: TrainablePyramidFlow): ReversibleChain =>
  new ReversibleChain(pyramidBlocks(config), parameters);

/**
 * Latent pyramid -> images (N, 3, H, W): undoes every block, composes the pyramid and applies the stem's transpose, which is its
 * inverse.
 *
 * @param pass as in the forward pass that made the latent; default inference
 */
export function invert(model: TrainablePyramidFlow, latent: readonly Tensor[], pass: Pass = { training: false }): Tensor {
  return scope(() => {
    const levels = latent.map((level) => level.copy());
    trainableChain(model).inverse(levels, pass);
    const { height, width } = model.config;
    return convolveGradInput(compose(levels), model.stem, height, width); // the gradient of a 1x1 convolution is its transpose
  });
}

import { Mixing } from '../flow/mixing';
import { type Pass, ReversibleChain } from '../flow/reversible';
import { convolveGradInput } from '../ops/conv/convolve';
import { compose } from '../ops/pyramid';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import { AffineCoupling } from './coupling';
import type { PyramidFlow } from './pyramid-flow';

/** The blocks of a model as a chain that trains and inverts; it shares the model's tensors. */
export function trainableChain({ blocks, parameters }: PyramidFlow): ReversibleChain {
  const modules = blocks.flatMap((block) => [
    new AffineCoupling(`${block.name}.coupling (${block.kind})`, block, parameters),
    new Mixing(`${block.name}.mixing`, block.levels.target, block.lu),
  ]);
  return new ReversibleChain(modules, parameters);
}

/**
 * Latent pyramid -> images (N, 3, H, W): undoes every block, composes the pyramid and applies the stem's transpose, which is its
 * inverse.
 *
 * @param pass as in the forward pass that made the latent; default inference
 */
export function invert(model: PyramidFlow, latent: readonly Tensor[], pass: Pass = { training: false }): Tensor {
  return scope(() => {
    const levels = latent.map((level) => level.copy());
    trainableChain(model).inverse(levels, pass);
    const { height, width } = model.config;
    return convolveGradInput(compose(levels), model.stem, height, width); // the gradient of a 1x1 convolution is its transpose
  });
}

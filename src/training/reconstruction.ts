import { type TrainablePyramidFlow, trainableChain } from '../pyramidflow/trainable';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

/**
 * max |inverse(forward(x)) - x| over the pyramid that enters the chain: how well the reversible tape rebuilds the first
 * block's input from the last block's output, with the statistics of this batch, as in a training step.
 */
export async function reconstructionError(model: TrainablePyramidFlow, images: Tensor): Promise<number> {
  const { before, after } = scope(() => {
    const levels = model.embed(images);
    const original = levels.map((level) => level.copy());
    const chain = trainableChain(model);
    chain.forward(levels, { training: true });
    chain.inverse(levels, { training: true });
    return { before: original, after: [...levels] };
  });
  let worst = 0;
  for (const [i, level] of after.entries()) {
    const [rebuilt, original] = [await level.read(), await before[i]!.read()];
    for (let at = 0; at < rebuilt.length; at++) worst = Math.max(worst, Math.abs(rebuilt[at]! - original[at]!));
  }
  for (const tensor of [...before, ...after]) tensor.free();
  return worst;
}

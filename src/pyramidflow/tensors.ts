import { meanShape } from '../ops/volume-norm';
import type { Shape } from '../tensor/tensor';
import { type BlockConfig, blockConfigs, couplingLevels, type PyramidFlowConfig } from './config';

/** Host tensors by name, as in a checkpoint. */
export type NamedTensors = Map<string, { readonly shape: Shape; readonly data: Float32Array }>;

/** Name and shape of every tensor of a model, and whether it is trained. */
export function tensorShapes(config: PyramidFlowConfig): Map<string, { shape: Shape; trained: boolean }> {
  const shapes = new Map<string, { shape: Shape; trained: boolean }>();
  shapes.set('stem.weight', { shape: [config.channels, 3, 1, 1], trained: false });
  blockConfigs(config.levels, config.stacks).forEach((block, i) => {
    for (const [name, entry] of Object.entries(blockShapes(config, block))) shapes.set(`blocks.${i}.${name}`, entry);
  });
  return shapes;
}

function blockShapes(config: PyramidFlowConfig, block: BlockConfig): Record<string, { shape: Shape; trained: boolean }> {
  const { channels: c, kernel: k, norm, height, width } = config;
  const { conditions, network } = couplingLevels(block);
  const trained = (...shape: number[]) => ({ shape, trained: true });
  const fixed = (...shape: number[]) => ({ shape, trained: false });
  return {
    conv1: trained(2 * c, conditions.length * c, k, k),
    conv2: trained(2 * c, 2 * c, k, k),
    lower: trained(c, c),
    log_s: trained(c),
    upper: trained(c, c),
    perm: fixed(c, c),
    sign: fixed(c),
    running_mean: fixed(...meanShape(norm, [1, c, height >> network, width >> network])),
  };
}

import { PyramidFlowError } from '../core/errors';
import type { VolumeNorm } from '../ops/volume-norm';
import type { CouplingLevels } from './coupling';

/** The shape of a PyramidFlow. CVN means and the template bind a model to one height and width. */
export interface PyramidFlowConfig {
  readonly channels: number;
  readonly levels: number;
  readonly stacks: number;
  readonly kernel: number;
  readonly norm: VolumeNorm;
  readonly height: number;
  readonly width: number;
}

/** Allowed values: [smallest, largest] of every whole number. */
const RANGES = { channels: [3, 128], levels: [2, 8], stacks: [1, 64] } as const;
const KERNELS = [1, 3, 5, 7, 9, 11];
const LARGEST_SIDE = 16384; // beyond it even the latent of one image exceeds what adapters can bind

/** Throws UsageError or ShapeError for a configuration that cannot be built. */
export function checkConfig(config: PyramidFlowConfig): void {
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = config[name as keyof typeof RANGES];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new PyramidFlowError('UsageError', `${name} is ${value}`, `give a whole number from ${least} to ${most}`);
    }
  }
  if (!KERNELS.includes(config.kernel)) {
    throw new PyramidFlowError('UsageError', `kernel is ${config.kernel}`, `use one of ${KERNELS.join(', ')}`);
  }
  if (config.norm !== 'CVN' && config.norm !== 'SVN') {
    throw new PyramidFlowError('UsageError', `norm is ${config.norm}`, 'use CVN or SVN');
  }
  checkSize(config);
}

function checkSize({ height, width, levels }: PyramidFlowConfig): void {
  if (height > LARGEST_SIDE || width > LARGEST_SIDE) {
    const problem = `an image of ${height}x${width} is larger than ${LARGEST_SIDE}x${LARGEST_SIDE}`;
    throw new PyramidFlowError('ShapeError', problem, 'resize to a smaller size', { details: { settings: ['size'] } });
  }
  const step = sizeStep(levels);
  if ([height, width].every((size) => Number.isInteger(size) && size >= step && size % step === 0)) return;
  throw new PyramidFlowError(
    'ShapeError',
    `an image of ${height}x${width} is not a multiple of ${step}, which ${levels} levels need`,
    `resize to ${nearestSize(height, levels)}x${nearestSize(width, levels)}, or use fewer levels`,
  );
}

/** Height and width must be multiples of this. */
export const sizeStep = (levels: number): number => 2 ** (levels - 1);

/** The multiple of `sizeStep` that is nearest to `size`, at least one step. */
export function nearestSize(size: number, levels: number): number {
  const step = sizeStep(levels);
  return Math.max(step, Math.round(size / step) * step);
}

/** (1, C, H / 2^level, W / 2^level). */
export function latentShape({ channels, height, width }: PyramidFlowConfig, level: number): number[] {
  return [1, channels, height / 2 ** level, width / 2 ** level];
}

export type BlockKind = 'up' | 'down' | 'mid';

/** One coupling block: which kind, and the finest level that takes part. */
export interface BlockPlan {
  readonly kind: BlockKind;
  readonly start: number;
}

/** The order of the coupling blocks (paper, figure 3, as in the released code). */
export function blockPlan(levels: number, stacks: number): BlockPlan[] {
  const half = (offset: number): BlockPlan[] => {
    const starts = Array.from({ length: levels }, (_, i) => offset + 2 * i).filter((start) => start + 1 < levels);
    return starts.map((start) => ({ kind: start + 2 < levels ? 'mid' : 'down', start }));
  };
  const stack = [...half(0), { kind: 'up', start: 0 } as const, ...half(1)];
  return Array.from({ length: stacks }, () => stack).flat();
}

/** Which levels a block rewrites and reads. */
export function couplingLevels({ kind, start }: BlockPlan): CouplingLevels {
  if (kind === 'up') return { target: start, conditions: [start + 1], network: start };
  if (kind === 'down') return { target: start + 1, conditions: [start], network: start };
  return { target: start + 1, conditions: [start, start + 2], network: start + 1 };
}

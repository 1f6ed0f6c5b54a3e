import { PyramidFlowError } from '../core/errors';
import type { VolumeNorm } from '../ops/volume-norm';

/** The architecture of a PyramidFlow. The template and the means of CVN bind a model to one height and width. */
export interface PyramidFlowConfig {
  /** of every level, 3 to 128 */
  readonly channels: number;
  /** of the pyramid, 2 to 8 */
  readonly levels: number;
  /** of blocks, 1 to 64 */
  readonly stacks: number;
  /** kernel size of the coupling networks: 1, 3, 5, 7, 9 or 11 */
  readonly kernel: number;
  /** volume normalization of the log scales */
  readonly norm: VolumeNorm;
  /** of the images, as `width` a multiple of 2^(levels - 1) */
  readonly height: number;
  readonly width: number;
}

/** The smallest and the largest value of each. */
const RANGES = { channels: [3, 128], levels: [2, 8], stacks: [1, 64] } as const;
const KERNELS = [1, 3, 5, 7, 9, 11];
const LARGEST_SIDE = 16384; // above it the latent of a single image exceeds what adapters can bind

/**
 * Checks a configuration.
 *
 * @throws PyramidFlowError UsageError for a value out of range, ShapeError for a size that does not fit
 */
export function checkConfig(config: PyramidFlowConfig): void {
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = config[name as keyof typeof RANGES];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new PyramidFlowError(
        'UsageError',
        `expected ${name} from ${least} to ${most}, got ${value}`,
        'use a whole number in this range',
      );
    }
  }
  if (!KERNELS.includes(config.kernel)) {
    throw new PyramidFlowError('UsageError', `unsupported kernel size ${config.kernel}`, `use one of ${KERNELS.join(', ')}`);
  }
  if (config.norm !== 'CVN' && config.norm !== 'SVN') {
    throw new PyramidFlowError('UsageError', `unknown volume normalization ${config.norm}`, 'use CVN or SVN');
  }
  checkSize(config);
}

function checkSize({ height, width, levels }: PyramidFlowConfig): void {
  if (height > LARGEST_SIDE || width > LARGEST_SIDE) {
    const problem = `the image size ${height}x${width} is larger than ${LARGEST_SIDE}x${LARGEST_SIDE}`;
    throw new PyramidFlowError('ShapeError', problem, 'resize to a smaller size', { details: { settings: ['size'] } });
  }
  const step = sizeStep(levels);
  if ([height, width].every((size) => Number.isInteger(size) && size >= step && size % step === 0)) return;
  throw new PyramidFlowError(
    'ShapeError',
    `expected height and width as multiples of ${step} for ${levels} levels, got ${height}x${width}`,
    `resize to ${nearestSize(height, levels)}x${nearestSize(width, levels)}, or use fewer levels`,
  );
}

/** The number that height and width must be multiples of: 2^(levels - 1). */
export const sizeStep = (levels: number): number => 2 ** (levels - 1);

/** The multiple of `sizeStep` nearest to `size`, and at least one step. */
export function nearestSize(size: number, levels: number): number {
  const step = sizeStep(levels);
  return Math.max(step, Math.round(size / step) * step);
}

/** The shape of a level of the latent of one image: (1, C, H / 2^level, W / 2^level). */
export function latentShape({ channels, height, width }: PyramidFlowConfig, level: number): number[] {
  return [1, channels, height / 2 ** level, width / 2 ** level];
}

/** Which levels condition the coupling of a block: the next coarser, the next finer, or both. */
export type BlockKind = 'up' | 'down' | 'mid';

/** A block: its kind, and the finest of its levels. */
export interface BlockConfig {
  readonly kind: BlockKind;
  readonly start: number;
}

/** The order of the blocks (paper, figure 3, as in the released code). */
export function blockConfigs(levels: number, stacks: number): BlockConfig[] {
  const half = (offset: number): BlockConfig[] => {
    const starts = Array.from({ length: levels }, (_, i) => offset + 2 * i).filter((start) => start + 1 < levels);
    return starts.map((start) => ({ kind: start + 2 < levels ? 'mid' : 'down', start }));
  };
  const stack = [...half(0), { kind: 'up', start: 0 } as const, ...half(1)];
  return Array.from({ length: stacks }, () => stack).flat();
}

/** The levels of an affine coupling. */
export interface CouplingLevels {
  readonly target: number;
  /** the levels that its network reads, finest first */
  readonly conditions: readonly number[];
  /** the level at whose size its network works: the target, or a finer level, whose every second row and column is then used */
  readonly network: number;
}

/** The levels that a block rewrites and reads. */
export function couplingLevels({ kind, start }: BlockConfig): CouplingLevels {
  if (kind === 'up') return { target: start, conditions: [start + 1], network: start };
  if (kind === 'down') return { target: start + 1, conditions: [start], network: start };
  return { target: start + 1, conditions: [start, start + 2], network: start + 1 };
}

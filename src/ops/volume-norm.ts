import channelMeanKernel from '../../shaders/flow/mean_over_channels.wgsl';
import spaceMeanKernel from '../../shaders/flow/mean_over_space.wgsl';
import subtractMeanKernel from '../../shaders/flow/subtract_mean.wgsl';
import { Tensor } from '../tensor/tensor';
import { combineInto } from './elementwise';
import { linearGrid, planeGrid } from './grid';
import { apply, type Op } from './op';
import { partialSums } from './reduce';
import { expectShape, imageShape, sizesOf } from './shape';

/** Volume normalization (paper, section 3.3): by the mean over batch and channels (CVN), or over batch and space (SVN). */
export type VolumeNorm = 'CVN' | 'SVN';

/** How far a running mean moves to the mean of a batch. */
export const MOMENTUM = 0.1;

/** The shape of the mean of an input (N, C, H, W): (1, 1, H, W) for CVN, (1, C, 1, 1) for SVN. */
export function meanShape(kind: VolumeNorm, [, channels, height, width]: readonly number[]): number[] {
  return kind === 'CVN' ? [1, 1, height!, width!] : [1, channels!, 1, 1];
}

/** The mean of x (N, C, H, W) over the axes of `kind`, of `meanShape`. */
export function volumeMean(x: Tensor, kind: VolumeNorm): Tensor {
  const [batch, channels, height, width] = imageShape(x, 'volumeNorm');
  const pixels = height * width;
  const mean = Tensor.empty(x.gpu, meanShape(kind, x.shape), `${kind} mean`);
  if (kind === 'CVN') {
    x.gpu.run(channelMeanKernel, {
      tensors: { x, mean },
      uniforms: { planes: batch * channels, pixels },
      grid: linearGrid(pixels),
    });
  } else {
    const sums = partialSums(x, batch * channels);
    x.gpu.run(spaceMeanKernel, {
      tensors: { x: sums, mean },
      uniforms: { batch, channels, pixels: sums.size / (batch * channels), count: batch * pixels },
      grid: [channels, 1, 1],
    });
    sums.free();
  }
  return mean;
}

/** x <- x - mean, in place. x: (N, C, H, W), mean: `meanShape`. Throws ShapeError for another mean. */
export function subtractMean(x: Tensor, mean: Tensor, kind: VolumeNorm): void {
  expectShape(mean, meanShape(kind, x.shape), `${kind} volume normalization`);
  const [batch, channels, height, width] = sizesOf(x);
  const pixels = height * width;
  x.gpu.run(subtractMeanKernel, {
    tensors: { x, mean },
    uniforms: { batch, channels, pixels },
    constants: { PER_CHANNEL: Number(kind === 'SVN') },
    grid: planeGrid(pixels, channels),
  });
}

/** running <- (1 - momentum) * running + momentum * mean, in place. */
export function updateRunningMean(running: Tensor, mean: Tensor, momentum = MOMENTUM): void {
  combineInto(running, 1 - momentum, mean, momentum);
}

/** x <- x - mean(x), in place. It is its own backward too, since it is a symmetric projection. */
export function removeMean(x: Tensor, kind: VolumeNorm): void {
  const mean = volumeMean(x, kind);
  subtractMean(x, mean, kind);
  mean.free();
}

/** `volumeNorm` as an operation. */
export const volumeNormOp: Op<'x' | 'runningMean', { kind: VolumeNorm; training: boolean }> = {
  name: 'volumeNorm',
  saves: [],
  forward({ x, runningMean }, { kind, training }) {
    const y = x.copy('volumeNorm');
    if (training) removeMean(y, kind);
    else subtractMean(y, runningMean, kind);
    return y;
  },
  backward: (dy, _, { kind, training }) => ({
    x() {
      const dx = dy.copy('volumeNorm dx');
      if (training) removeMean(dx, kind);
      return dx;
    },
  }),
};

/**
 * x less a mean, so that the log scales of a coupling sum to zero (PyramidFlow, section 3.3).
 *
 * @param x (N, C, H, W)
 * @param runningMean (1, 1, H, W) for CVN, (1, C, 1, 1) for SVN; it has no gradient
 * @param norm kind: CVN takes the mean over batch and channels, SVN over batch and space; training: subtract the mean of x itself,
 *   and not the running mean
 * @throws PyramidFlowError ShapeError for a mean of another shape
 * @example
 * const s = volumeNorm(raw, runningMean, { kind: 'SVN', training: pass.training });
 */
export const volumeNorm = (x: Tensor, runningMean: Tensor, norm: { kind: VolumeNorm; training: boolean }): Tensor =>
  apply(volumeNormOp, { x, runningMean }, norm);

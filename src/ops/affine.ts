import affineKernel from '../../shaders/flow/affine.wgsl';
import affineGradientKernel from '../../shaders/flow/affine_gradient.wgsl';
import { Tensor } from '../tensor/tensor';
import { fill } from './elementwise';
import { rowGrid } from './grid';
import { apply, type Op } from './op';
import { expectShape, imageShape, misfit } from './shape';
import { meanShape, removeMean, type VolumeNorm, volumeMean } from './volume-norm';

/** Log scales before volume normalization: the kernels subtract the mean as they read them. */
export interface LogScale {
  /** (N, C, f H, f W) for an x of (N, C, H, W); every f-th row and column is used */
  readonly values: Tensor;
  /** the mean of the values, or a running mean; its shape is `meanShape` */
  readonly mean: Tensor;
  readonly kind: VolumeNorm;
}

/**
 * x <- exp(s) * x + t, or the inverse x <- (x - t) * exp(-s), in place, with s = logScale - mean (paper, equation 3).
 *
 * @param x (N, C, H, W)
 * @param network (N, 2C, f H, f W), the output of the coupling network, whose second half of the channels is t
 * @throws PyramidFlowError ShapeError if the mean does not fit the log scales
 */
export function applyAffine(x: Tensor, logScale: LogScale, network: Tensor, direction: 'forward' | 'inverse'): void {
  const { tensors, constants } = bound(x, logScale, network);
  x.gpu.run(affineKernel, {
    tensors: { x, network, ...tensors },
    uniforms: shapeOf(x),
    constants: { INVERSE: Number(direction === 'inverse'), ...constants },
    grid: rowGrid(x, x.shape[1]!),
  });
}

/**
 * The gradients of `applyAffine`, in place.
 *
 * @param x with `restore` the output y, replaced by the input; otherwise the input
 * @param dx holds d(loss)/dy, replaced by d(loss)/dx
 * @param logScale its values are replaced by d(loss)/ds, the gradient of the normalized log scale
 * @param network its second half is replaced by d(loss)/dt
 */
export function affineGradient(x: Tensor, dx: Tensor, logScale: LogScale, network: Tensor, restore: boolean): void {
  const { tensors, constants } = bound(x, logScale, network);
  x.gpu.run(affineGradientKernel, {
    tensors: { x, dx, network, ...tensors },
    uniforms: shapeOf(x),
    constants: { RESTORE: Number(restore), ...constants },
    grid: rowGrid(logScale.values, x.shape[1]!),
  });
}

/** Volume normalization by the mean of the values themselves (`training`) or by the running mean. */
export interface AffineNorm {
  readonly kind: VolumeNorm;
  readonly training: boolean;
}

/** `applyAffine` as an operation. The gradient of the first half of `network` is zero. */
export const affineOp: Op<'x' | 'logScale' | 'network' | 'runningMean', AffineNorm, 'x' | 'logScale' | 'runningMean'> = {
  name: 'affine',
  saves: ['x', 'logScale', 'runningMean'],
  forward({ x, logScale, network, runningMean }, norm) {
    const y = x.copy('affine');
    withMean(logScale, runningMean, norm, (values) => applyAffine(y, values, network, 'forward'));
    return y;
  },
  backward(dy, { x, logScale, runningMean }, norm) {
    let made: ReturnType<typeof gradients> | undefined;
    const all = () => (made ??= gradients(dy, x, logScale, runningMean, norm));
    return { x: () => all().x, logScale: () => all().logScale, network: () => all().network };
  },
};

/** y = exp(s) * x + t, recorded: `applyAffine` with s = logScale - its mean. */
export const affine = (x: Tensor, logScale: Tensor, network: Tensor, runningMean: Tensor, norm: AffineNorm): Tensor =>
  apply(affineOp, { x, logScale, network, runningMean }, norm);

function gradients(dy: Tensor, x: Tensor, logScale: Tensor, runningMean: Tensor, norm: AffineNorm) {
  const [n, channels, height, width] = imageShape(logScale, 'affine');
  const dx = dy.copy('affine dx');
  const dLogScale = logScale.copy('affine dlogScale');
  const network = Tensor.empty(x.gpu, [n, 2 * channels, height, width], 'affine dnetwork');
  fill(network, 0);
  withMean(dLogScale, runningMean, norm, (values) => affineGradient(x, dx, values, network, false));
  if (norm.training) removeMean(dLogScale, norm.kind);
  return { x: dx, logScale: dLogScale, network };
}

function withMean(
  values: Tensor,
  runningMean: Tensor,
  { kind, training }: AffineNorm,
  work: (logScale: LogScale) => void,
): void {
  const mean = training ? volumeMean(values, kind) : runningMean;
  work({ values, mean, kind });
  if (training) mean.free();
}

function bound(x: Tensor, { values, mean, kind }: LogScale, network: Tensor) {
  const [n, channels, height, width] = imageShape(x, 'affine');
  const factor = values.shape[2]! / height;
  const fits = ({ shape }: Tensor, count: number) =>
    [n, count, factor * height, factor * width].every((size, axis) => shape[axis] === size);
  const remedy = 'pass x (N, C, H, W) with log scales (N, C, f H, f W) and a network output (N, 2C, f H, f W)';
  if (!Number.isInteger(factor) || !fits(values, channels)) throw misfit('affine', { x, logScale: values }, remedy);
  if (!fits(network, 2 * channels)) throw misfit('affine', { x, network }, remedy);
  expectShape(mean, meanShape(kind, values.shape), `${kind} volume normalization`);
  return {
    tensors: { logScale: values, mean },
    constants: { FACTOR: factor, PER_CHANNEL: Number(kind === 'SVN') },
  };
}

function shapeOf(x: Tensor) {
  const [batch, channels, height, width] = imageShape(x, 'affine');
  return { batch, channels, height, width };
}

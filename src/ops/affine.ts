import affineKernel from '../../shaders/flow/affine.wgsl';
import affineGradientKernel from '../../shaders/flow/affine_gradient.wgsl';
import { Tensor } from '../tensor/tensor';
import { fill } from './elementwise';
import { rowGrid } from './grid';
import type { Op } from './op';
import { expectShape, imageShape } from './shape';
import { meanShape, removeMean, type VolumeNorm, volumeMean } from './volume-norm';

/** Log scales whose volume normalization is still to come: the kernels take their mean off on the way. */
export interface LogScale {
  /** (N, C, f H, f W) for an x of (N, C, H, W), used at every f-th row and column */
  readonly values: Tensor;
  /** of `meanShape`: the mean of the values, or a running one */
  readonly mean: Tensor;
  readonly kind: VolumeNorm;
}

/**
 * x <- exp(logScale) * x + shift, or its inverse, in place (paper, equation 3). x: (N, C, H, W).
 * network: (N, 2C, f H, f W), the coupling network's result, whose second half is the shift.
 */
export function applyAffine(x: Tensor, logScale: LogScale, network: Tensor, direction: 'forward' | 'inverse'): void {
  const { tensors, constants } = bound(x, logScale);
  x.gpu.run(affineKernel, {
    tensors: { x, network, ...tensors },
    uniforms: shapeOf(x),
    constants: { INVERSE: Number(direction === 'inverse'), ...constants },
    grid: rowGrid(x, x.shape[1]),
  });
}

/**
 * The gradient, in place: dx holds dy and receives d/dx; the values of logScale receive the gradient to the normalized log
 * scale; the second half of `network` receives the shift's. x holds the forward's result y and receives the input
 * (`restore`), or holds the input.
 */
export function affineGradient(x: Tensor, dx: Tensor, logScale: LogScale, network: Tensor, restore: boolean): void {
  const { tensors, constants } = bound(x, logScale);
  x.gpu.run(affineGradientKernel, {
    tensors: { x, dx, network, ...tensors },
    uniforms: shapeOf(x),
    constants: { RESTORE: Number(restore), ...constants },
    grid: rowGrid(logScale.values, x.shape[1]),
  });
}

/** Volume normalization by the values' own mean (`training`) or by the running one. */
export interface AffineNorm {
  readonly kind: VolumeNorm;
  readonly training: boolean;
}

/**
 * y = exp(normalized logScale) * x + shift with the shapes of `applyAffine`; the gradient of the network's first half is
 * zero.
 */
export const affine: Op<'x' | 'logScale' | 'network' | 'runningMean', AffineNorm, 'x' | 'logScale' | 'runningMean'> = {
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

function gradients(dy: Tensor, x: Tensor, logScale: Tensor, runningMean: Tensor, norm: AffineNorm) {
  const [n, channels, height, width] = imageShape(logScale);
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

function bound(x: Tensor, { values, mean, kind }: LogScale) {
  expectShape(mean, meanShape(kind, values.shape), `${kind} volume normalization`);
  return {
    tensors: { logScale: values, mean },
    constants: { FACTOR: values.shape[2] / x.shape[2], PER_CHANNEL: Number(kind === 'SVN') },
  };
}

function shapeOf(x: Tensor) {
  const [batch, channels, height, width] = imageShape(x);
  return { batch, channels, height, width };
}

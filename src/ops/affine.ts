import affineKernel from '../../shaders/affine.wgsl';
import affineGradientKernel from '../../shaders/affine_gradient.wgsl';
import { Tensor } from '../tensor/tensor';
import { fill } from './elementwise';
import { rowGrid } from './grid';
import type { Op } from './op';
import { imageShape } from './shape';

/**
 * x <- exp(logScale) * x + shift, or its inverse, in place (paper, equation 3).
 * x: (N, C, H, W). logScale: (N, C, f H, f W) with a whole factor f, used at every f-th row and column.
 * network: (N, 2C, f H, f W), the coupling network's result, whose second half is the shift.
 */
export function applyAffine(x: Tensor, logScale: Tensor, network: Tensor, direction: 'forward' | 'inverse'): void {
  x.gpu.run(affineKernel, {
    tensors: { x, logScale, network },
    uniforms: shapeOf(x),
    constants: { INVERSE: Number(direction === 'inverse'), FACTOR: factorOf(x, logScale) },
    grid: rowGrid(x, x.shape[1]),
  });
}

/**
 * The gradient, in place: dx holds dy and receives d/dx; logScale receives its gradient; the second half of `network`
 * receives the shift's. x holds the forward's result y and receives the input (`restore`), or holds the input.
 */
export function affineGradient(x: Tensor, dx: Tensor, logScale: Tensor, network: Tensor, restore: boolean): void {
  x.gpu.run(affineGradientKernel, {
    tensors: { x, dx, logScale, network },
    uniforms: shapeOf(x),
    constants: { RESTORE: Number(restore), FACTOR: factorOf(x, logScale) },
    grid: rowGrid(logScale, x.shape[1]),
  });
}

/** y = exp(logScale) * x + shift with the shapes of `applyAffine`; the gradient of the network's first half is zero. */
export const affine: Op<'x' | 'logScale' | 'network', void, 'x' | 'logScale'> = {
  name: 'affine',
  saves: ['x', 'logScale'],
  forward({ x, logScale, network }) {
    const y = x.copy('affine');
    applyAffine(y, logScale, network, 'forward');
    return y;
  },
  gradient(dy, { x, logScale }) {
    let made: ReturnType<typeof gradients> | undefined;
    const all = () => (made ??= gradients(dy, x, logScale));
    return { x: () => all().x, logScale: () => all().logScale, network: () => all().network };
  },
};

function gradients(dy: Tensor, x: Tensor, logScale: Tensor) {
  const [n, channels, height, width] = imageShape(logScale);
  const dx = dy.copy('affine dx');
  const dLogScale = logScale.copy('affine dlogScale');
  const network = Tensor.empty(x.gpu, [n, 2 * channels, height, width], 'affine dnetwork');
  fill(network, 0);
  affineGradient(x, dx, dLogScale, network, false);
  return { x: dx, logScale: dLogScale, network };
}

function shapeOf(x: Tensor) {
  const [batch, channels, height, width] = imageShape(x);
  return { batch, channels, height, width };
}

const factorOf = (x: Tensor, logScale: Tensor): number => logScale.shape[2] / x.shape[2];

import downKernel from '../../shaders/pyramid/down.wgsl';
import upKernel from '../../shaders/pyramid/up.wgsl';
import upGradientKernel from '../../shaders/pyramid/up_gradient.wgsl';
import { PyramidFlowError } from '../core/errors';
import { Tensor } from '../tensor/tensor';
import { blur } from './blur';
import { addInto } from './elementwise';
import { linearGrid } from './grid';
import type { Op } from './op';
import { expectShape, imageShape } from './shape';

/** How a blurred image loses half of its rows and columns: the released code's way or the supplement's. */
export type Pooling = 'max' | 'nearest';

/** y = 2x2 max (or nearest) pooling of the blurred x: (N, C, H, W) -> (N, C, H / 2, W / 2). H and W are even. */
export const down: Op<'x', { pooling?: Pooling }, 'x'> = {
  name: 'down',
  saves: ['x'],
  forward({ x }, { pooling = 'max' }) {
    const [n, c, height, width] = imageShape(x);
    if (height % 2 || width % 2) {
      throw new PyramidFlowError('ShapeError', `down: ${x.label} is ${height}x${width}`, 'make both sides even');
    }
    const y = Tensor.empty(x.gpu, [n, c, height / 2, width / 2], 'down');
    runDown(x, x, y, 0, pooling);
    return y;
  },
  backward: (dy, { x }, { pooling = 'max' }) => ({
    x() {
      const dBlurred = Tensor.empty(x.gpu, x.shape, 'd blurred');
      runDown(x, dy, dBlurred, 1, pooling);
      const dx = blur.forward({ x: dBlurred }, undefined);
      dBlurred.free();
      return dx;
    },
  }),
};

/** y = blur(nearest(x)), twice the size: (N, C, H, W) -> (N, C, 2H, 2W). */
export const up: Op<'x', void> = {
  name: 'up',
  saves: [],
  forward: ({ x }) => runUp(x, undefined, 1),
  backward: (dy) => ({ x: () => upTransposed(dy) }),
};

/**
 * The bands of a Laplacian pyramid, finest first: differences of neighbouring Gaussian levels, and the coarsest level
 * itself. Throws ShapeError unless height and width are multiples of 2^(levels - 1).
 */
export function decompose(x: Tensor, levels: number, pooling?: Pooling): Tensor[] {
  const gauss = gaussianLevels(x, levels, pooling);
  const bands = gauss.map((fine, i) => (i + 1 < levels ? runUp(gauss[i + 1], fine, -1) : fine.view(fine.shape)));
  for (const level of gauss) level.free();
  return bands;
}

/** d(loss)/dx from the gradients of the bands of `decompose(x, levels)`. */
export function decomposeGradient(dBands: readonly Tensor[], x: Tensor, pooling?: Pooling): Tensor {
  const gauss = gaussianLevels(x, dBands.length, pooling);
  let dGauss: Tensor | undefined;
  for (let i = dBands.length - 1; i >= 0; i--) {
    const own = dBands[i].copy('d gauss');
    if (i > 0) upTransposed(dBands[i - 1], own);
    if (dGauss) {
      const through = down.backward(dGauss, { x: gauss[i] }, { pooling }).x!();
      addInto(own, through);
      through.free();
      dGauss.free();
    }
    dGauss = own;
  }
  for (const level of gauss) level.free();
  return dGauss!;
}

/** The exact inverse of `decompose`, whatever the pooling: (N, C, H, W) from its bands. */
export function compose(bands: readonly Tensor[]): Tensor {
  let x = bands.at(-1)!.view(bands.at(-1)!.shape);
  for (const band of bands.slice(0, -1).reverse()) {
    const finer = runUp(x, band, 1);
    x.free();
    x = finer;
  }
  return x;
}

/** The gradients of the bands from that of `compose(bands)`. */
export function composeGradient(dx: Tensor, levels: number): Tensor[] {
  const gradients = [dx.copy('d band 0')];
  while (gradients.length < levels) gradients.push(upTransposed(gradients.at(-1)!));
  return gradients;
}

function gaussianLevels(x: Tensor, levels: number, pooling?: Pooling): Tensor[] {
  const [, , height, width] = imageShape(x);
  const step = 2 ** (levels - 1);
  if (height % step || width % step) {
    const remedies = [...multiplesNear(height, step, 'high'), ...multiplesNear(width, step, 'wide')];
    throw new PyramidFlowError(
      'ShapeError',
      `${x.label} is ${height}x${width}; ${levels} levels need multiples of ${step}`,
      `make it ${remedies.join(' and ')}`,
    );
  }
  const gauss = [x.view(x.shape)];
  while (gauss.length < levels) gauss.push(down.forward({ x: gauss.at(-1)! }, { pooling }));
  return gauss;
}

/** Such as '32 or 40 high' for a side of 36 that must be a multiple of 8; nothing for a side that is one. */
function multiplesNear(size: number, step: number, direction: string): string[] {
  if (size % step === 0) return [];
  const larger = Math.ceil(size / step) * step;
  return [`${larger > step ? `${larger - step} or ` : ''}${larger} ${direction}`];
}

function runDown(x: Tensor, dy: Tensor, y: Tensor, gradient: 0 | 1, pooling: Pooling): void {
  const [n, c, height, width] = imageShape(x);
  x.gpu.run(downKernel, {
    tensors: { x, dy, y },
    uniforms: { planes: n * c, height: height / 2, width: width / 2 },
    constants: { GRADIENT: gradient, MAXIMUM: Number(pooling === 'max') },
    grid: linearGrid(x.size / 4),
  });
}

/** fine + sign * up(coarse), or the enlargement alone. */
function runUp(coarse: Tensor, fine: Tensor | undefined, sign: 1 | -1): Tensor {
  const [n, c, height, width] = imageShape(coarse);
  const shape = [n, c, 2 * height, 2 * width];
  if (fine) expectShape(fine, shape, 'up');
  const y = Tensor.empty(coarse.gpu, shape, 'up');
  coarse.gpu.run(upKernel, {
    tensors: { coarse, fine: fine ?? coarse, y },
    uniforms: { planes: n * c, height, width, keep: Number(fine !== undefined), sign },
    grid: linearGrid(y.size),
  });
  return y;
}

/** The transpose of `up`: as a new tensor, or subtracted from one. */
function upTransposed(dy: Tensor, from?: Tensor): Tensor {
  const [n, c, height, width] = imageShape(dy);
  const dCoarse = from ?? Tensor.empty(dy.gpu, [n, c, height / 2, width / 2], 'd up');
  dy.gpu.run(upGradientKernel, {
    tensors: { dy, dCoarse },
    uniforms: { planes: n * c, height: height / 2, width: width / 2, keep: Number(from !== undefined) },
    grid: linearGrid(dCoarse.size),
  });
  return dCoarse;
}

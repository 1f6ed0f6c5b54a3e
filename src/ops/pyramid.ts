import downKernel from '../../shaders/pyramid/down.wgsl';
import upKernel from '../../shaders/pyramid/up.wgsl';
import upGradientKernel from '../../shaders/pyramid/up_gradient.wgsl';
import { PyramidFlowError } from '../core/errors';
import { scope } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { blurOp } from './blur';
import { addInto, scaleInto } from './elementwise';
import { linearGrid } from './grid';
import { apply, type Op } from './op';
import { reshape } from './rearrange';
import { expectShape, imageShape } from './shape';

/** How a blurred image is reduced to half its size: `max` as in the released code, `nearest` as in the supplement. */
export type Pooling = 'max' | 'nearest';

/** `down` as an operation. */
export const downOp: Op<'x', { pooling?: Pooling }, 'x'> = {
  name: 'down',
  saves: ['x'],
  forward: ({ x }, { pooling }) => halved(x, pooling),
  backward: (dy, { x }, { pooling = 'max' }) => ({
    x() {
      const dBlurred = Tensor.empty(x.gpu, x.shape, 'd blurred');
      runDown(x, dy, dBlurred, 1, pooling);
      const dx = blurOp.forward({ x: dBlurred }, undefined);
      dBlurred.free();
      return dx;
    },
  }),
};

/**
 * Half the size: 2x2 pooling of `blur(x)`.
 *
 * @param x (N, C, H, W), with even H and W
 * @param pooling default 'max'
 * @returns (N, C, H / 2, W / 2)
 * @throws PyramidFlowError ShapeError for an odd side
 */
export const down = (x: Tensor, pooling?: Pooling): Tensor => apply(downOp, { x }, { pooling });

/** `up` as an operation. */
export const upOp: Op<'x', void> = {
  name: 'up',
  saves: [],
  forward: ({ x }) => runUp(x, undefined, 1),
  backward: (dy) => ({ x: () => upTransposed(dy) }),
};

/**
 * Twice the size: `blur` of the nearest-neighbour resize.
 *
 * @param x (N, C, H, W)
 * @returns (N, C, 2 H, 2 W)
 */
export const up = (x: Tensor): Tensor => apply(upOp, { x }, undefined);

/**
 * The bands of a Laplacian pyramid: band_l = g_l - up(g_(l+1)) with g_0 = x and g_(l+1) = down(g_l); the last band is g itself.
 *
 * @param x (N, C, H, W)
 * @returns (N, C, H / 2^l, W / 2^l), finest first
 * @throws PyramidFlowError ShapeError unless height and width are multiples of 2^(levels - 1)
 */
export function decompose(x: Tensor, levels: number, pooling?: Pooling): Tensor[] {
  const gauss = gaussianLevels(x, levels, pooling);
  const bands = gauss.map((fine, i) => (i + 1 < levels ? runUp(gauss[i + 1]!, fine, -1) : fine.view(fine.shape)));
  for (const level of gauss) level.free();
  return bands;
}

/** fine - up(coarse), a band. */
const bandOp: Op<'fine' | 'coarse', void> = {
  name: 'band',
  saves: [],
  forward: ({ fine, coarse }) => runUp(coarse, fine, -1),
  backward: (dy) => ({
    fine: () => dy.copy(),
    coarse() {
      const dCoarse = upTransposed(dy);
      scaleInto(dCoarse, -1);
      return dCoarse;
    },
  }),
};

/**
 * The bands of a Laplacian pyramid, recorded: band_l = g_l - up(g_(l+1)) with g_0 = x and g_(l+1) = down(g_l); the last band is g
 * itself. `compose` undoes it.
 *
 * @param x (N, C, H, W)
 * @param pooling of `down`, default max
 * @returns (N, C, H / 2^l, W / 2^l), finest first
 * @throws PyramidFlowError ShapeError unless height and width are multiples of 2^(levels - 1)
 * @example
 * const bands = pyramid(images, 3);
 * const same = compose(bands);
 */
export function pyramid(x: Tensor, levels: number, pooling?: Pooling): Tensor[] {
  checkSides(x, levels);
  return scope(() => {
    const gauss = [reshape(x, x.shape)];
    while (gauss.length < levels) gauss.push(down(gauss.at(-1)!, pooling));
    return gauss.map((fine, l) => (l + 1 < levels ? apply(bandOp, { fine, coarse: gauss[l + 1]! }, undefined) : fine));
  });
}

/** The backward of `decompose`: d(loss)/dx from the gradients of the bands. */
export function decomposeGradient(dBands: readonly Tensor[], x: Tensor, pooling?: Pooling): Tensor {
  const gauss = gaussianLevels(x, dBands.length, pooling);
  let dGauss: Tensor | undefined;
  for (let i = dBands.length - 1; i >= 0; i--) {
    const own = dBands[i]!.copy('d gauss');
    if (i > 0) upTransposed(dBands[i - 1]!, own);
    if (dGauss) {
      const through = downOp.backward(dGauss, { x: gauss[i]! }, { pooling }).x!();
      addInto(own, through);
      through.free();
      dGauss.free();
    }
    dGauss = own;
  }
  for (const level of gauss) level.free();
  return dGauss!;
}

/** `compose` as an operation. The bands are named '0', '1' and so on. */
export const composeOp: Op<string, { levels: number }> = {
  name: 'compose',
  saves: [],
  forward: (bands) => composeBands(Object.values(bands)),
  backward(dx, _, { levels }) {
    let made: Tensor[] | undefined;
    const all = () => (made ??= composeGradient(dx, levels));
    return Object.fromEntries(Array.from({ length: levels }, (_, level) => [level, () => all()[level]!]));
  },
};

/**
 * The inverse of `pyramid`, whatever the pooling, recorded: g_l = band_l + up(g_(l+1)).
 *
 * @param bands (N, C, H / 2^l, W / 2^l), finest first
 * @returns (N, C, H, W)
 * @throws PyramidFlowError ShapeError if a band is not half as high and wide as the next finer one
 */
export const compose = (bands: readonly Tensor[]): Tensor =>
  apply(composeOp, Object.fromEntries(bands.entries()), { levels: bands.length });

/** The forward of `compose`. */
export function composeBands(bands: readonly Tensor[]): Tensor {
  let x = bands.at(-1)!.view(bands.at(-1)!.shape);
  for (const band of bands.slice(0, -1).reverse()) {
    const finer = runUp(x, band, 1);
    x.free();
    x = finer;
  }
  return x;
}

/** The backward of `compose`: the gradients of the bands from that of the composed image. */
export function composeGradient(dx: Tensor, levels: number): Tensor[] {
  const gradients = [dx.copy('d band 0')];
  while (gradients.length < levels) gradients.push(upTransposed(gradients.at(-1)!));
  return gradients;
}

function gaussianLevels(x: Tensor, levels: number, pooling?: Pooling): Tensor[] {
  checkSides(x, levels);
  const gauss = [x.view(x.shape)];
  while (gauss.length < levels) gauss.push(halved(gauss.at(-1)!, pooling));
  return gauss;
}

function checkSides(x: Tensor, levels: number): void {
  const [, , height, width] = imageShape(x, 'pyramid');
  const step = 2 ** (levels - 1);
  if (height % step || width % step) {
    const remedies = [...multiplesNear(height, step, 'high'), ...multiplesNear(width, step, 'wide')];
    throw new PyramidFlowError(
      'ShapeError',
      `expected multiples of ${step} for ${levels} levels, got ${x.label} of ${height}x${width}`,
      `make it ${remedies.join(' and ')}`,
    );
  }
}

/** For example '32 or 40 high' for a height of 36 and a step of 8; nothing for a multiple of the step. */
function multiplesNear(size: number, step: number, direction: string): string[] {
  if (size % step === 0) return [];
  const larger = Math.ceil(size / step) * step;
  return [`${larger > step ? `${larger - step} or ` : ''}${larger} ${direction}`];
}

function halved(x: Tensor, pooling: Pooling = 'max'): Tensor {
  const [n, c, height, width] = imageShape(x, 'down');
  if (height % 2 || width % 2) {
    throw new PyramidFlowError(
      'ShapeError',
      `expected even sides for down, got ${x.label} of ${height}x${width}`,
      'make both sides even',
    );
  }
  const y = Tensor.empty(x.gpu, [n, c, height / 2, width / 2], 'down');
  runDown(x, x, y, 0, pooling);
  return y;
}

function runDown(x: Tensor, dy: Tensor, y: Tensor, gradient: 0 | 1, pooling: Pooling): void {
  const [n, c, height, width] = imageShape(x, 'down');
  x.gpu.run(downKernel, {
    tensors: { x, dy, y },
    uniforms: { planes: n * c, height: height / 2, width: width / 2 },
    constants: { GRADIENT: gradient, MAXIMUM: Number(pooling === 'max') },
    grid: linearGrid(x.size / 4),
  });
}

/** fine + sign * up(coarse); without `fine`, up(coarse). */
function runUp(coarse: Tensor, fine: Tensor | undefined, sign: 1 | -1): Tensor {
  const [n, c, height, width] = imageShape(coarse, 'up');
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

/** The transpose of `up` applied to dy: as a new tensor, or subtracted from `from`, in place. */
function upTransposed(dy: Tensor, from?: Tensor): Tensor {
  const [n, c, height, width] = imageShape(dy, 'up');
  const dCoarse = from ?? Tensor.empty(dy.gpu, [n, c, height / 2, width / 2], 'd up');
  dy.gpu.run(upGradientKernel, {
    tensors: { dy, dCoarse },
    uniforms: { planes: n * c, height: height / 2, width: width / 2, keep: Number(from !== undefined) },
    grid: linearGrid(dCoarse.size),
  });
  return dCoarse;
}

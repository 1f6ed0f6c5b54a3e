import correlateKernel from '../../shaders/conv_tile_correlate.wgsl';
import correlateSubgroupKernel from '../../shaders/conv_tile_correlate_subgroup.wgsl';
import forwardKernel from '../../shaders/conv_tile_forward.wgsl';
import inverseKernel from '../../shaders/conv_tile_inverse.wgsl';
import productKernel from '../../shaders/conv_tile_product.wgsl';
import productSubgroupKernel from '../../shaders/conv_tile_product_subgroup.wgsl';
import type { Runtime } from '../gpu/runtime';
import { Tensor } from '../tensor/tensor';
import { type Chunk, TILE, type TilePlan } from './tile-plan';
import { tileProducts } from './tile-variant';

// The steps of a convolution by tiles: tiles to spectra and back, and what is done to the spectra between.

/** The planes that a transform reads or writes: a tensor seen as images and channels, and how it is cut into tiles. */
export interface Planes {
  readonly tensor: Tensor;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** elements from one image to the next, and from one channel to the next */
  readonly imageStride: number;
  readonly channelStride: number;
  /** 2: height and width are those of the tensor enlarged twice */
  readonly enlarge: 1 | 2;
}

export type Cut = Omit<TilePlan, 'chunks'>;

/** The part of a tile that is read. */
export interface Window {
  /** row and column of the image where the first tile begins */
  readonly origin: number;
  /** first row and column of a tile that are read, and how many; the rest is 0 */
  readonly start: number;
  readonly side: number;
}

/** The part of a tile that is kept. */
export interface Result {
  /** row and column of a tile where it begins, and how many there are */
  readonly first: number;
  readonly side: number;
  /** of the LeakyReLU that the values go through, or, `masked`, that the values which they replace came from */
  readonly slope: number;
  readonly masked: boolean;
}

const PAIRS_PER_GROUP = 4; // of the transforms
const LANES = 8; // invocations each way in a workgroup of the products; invocations of a subgroup
const HALF_ROWS = TILE / 2 + 1; // of frequencies that say all about a real tile
const HALF_FREQUENCIES = 130; // of these, one of each f and -f
const PRODUCT = { PAIRS: 2, OUTPUTS: 4 };
const CORRELATE_BLOCK = 4; // channels each way that an invocation makes

/** One tile an image. */
const wholeTiles = (tiles: number): Cut => ({ step: TILE, tilesX: 1, tilesPerImage: 1, tiles });

/** Spectra (16, 16, channels, pairs) of the chunk's pairs of tiles, complex. */
export function pairSpectra(
  { tensor, enlarge, ...planes }: Planes,
  cut: Cut,
  { firstPair, pairs }: Chunk,
  { origin, start, side }: Window,
): Tensor {
  const spectra = Tensor.empty(tensor.gpu, [TILE, TILE, planes.channels, pairs, 2], `${tensor.label} spectra`);
  tensor.gpu.run(forwardKernel, {
    tensors: { x: tensor, spectra },
    uniforms: { ...planes, ...cut, firstPair, pairs, origin, rows: TILE },
    constants: { MEMBERS: 2, START: start, SIDE: side, ENLARGE: enlarge },
    grid: [Math.ceil(pairs / PAIRS_PER_GROUP), planes.channels, 1],
  });
  return spectra;
}

/** Writes the results of the chunk's pairs of tiles into their planes. */
export function pairsFromSpectra(
  spectra: Tensor,
  { tensor, enlarge, ...planes }: Planes,
  cut: Cut,
  { firstPair, pairs }: Chunk,
  { first, side, slope, masked }: Result,
): void {
  tensor.gpu.run(inverseKernel, {
    tensors: { spectra, y: tensor },
    uniforms: { ...planes, ...cut, firstPair, pairs, slope, scale: 1 / TILE ** 2 },
    constants: { MEMBERS: 2, FIRST: first, SIDE: side, MASKED: Number(masked), ADD: 0, POOL: enlarge, HALF: 0 },
    grid: [Math.ceil(pairs / PAIRS_PER_GROUP), planes.channels, 1],
  });
}

/** Spectra (9, 16, inputs, outputs) of weights (Co, Ci, k, k), the channels that a product sums over first. */
export function weightSpectra(w: Tensor, summed: 'inputs' | 'outputs'): Tensor {
  const { planes, images } = weightPlanes(w, summed);
  const { tensor, enlarge, ...rest } = planes;
  const spectra = Tensor.empty(w.gpu, [HALF_ROWS, TILE, planes.channels, images, 2], `${w.label} spectra`);
  w.gpu.run(forwardKernel, {
    tensors: { x: tensor, spectra },
    uniforms: { ...rest, ...wholeTiles(images), firstPair: 0, pairs: images, origin: 0, rows: HALF_ROWS },
    constants: { MEMBERS: 1, START: 0, SIDE: planes.height, ENLARGE: enlarge },
    grid: [Math.ceil(images / PAIRS_PER_GROUP), planes.channels, 1],
  });
  return spectra;
}

/** Writes, or with `add` adds, to w (Co, Ci, k, k) from twice its spectra, (9, 16, Ci, Co). */
export function weightsFromSpectra(spectra: Tensor, w: Tensor, add: boolean): void {
  const [, inputs, k] = w.shape;
  const { planes: { tensor, enlarge, ...rest }, images } = weightPlanes(w, 'inputs');
  w.gpu.run(inverseKernel, {
    tensors: { spectra, y: tensor },
    uniforms: { ...rest, ...wholeTiles(images), firstPair: 0, pairs: images, slope: 1, scale: 0.5 / TILE ** 2 },
    constants: { MEMBERS: 1, FIRST: 0, SIDE: k, MASKED: 0, ADD: Number(add), POOL: enlarge, HALF: 1 },
    grid: [Math.ceil(images / PAIRS_PER_GROUP), inputs, 1],
  });
}

/** Spectra of the results, (16, 16, outputs, pairs): x (16, 16, inputs, pairs) times w (9, 16, inputs, outputs) or its conjugate. */
export function multiplySpectra(x: Tensor, w: Tensor, conjugate: boolean): Tensor {
  const [, , inputs, pairs] = x.shape;
  const outputs = w.shape[3];
  const { gpu } = x;
  const y = Tensor.empty(gpu, [TILE, TILE, outputs, pairs, 2], 'y spectra');
  const call = { tensors: { x, w, y }, uniforms: { inputs, outputs, pairs } };
  const CONJUGATE = Number(conjugate);
  if (tileProducts(gpu) === 'subgroup') {
    const [PAIRS, OUTPUTS] = [pairs % (2 * LANES) === 0 ? 2 : 1, 16];
    const grid = [Math.ceil(pairs / (LANES * PAIRS)), Math.ceil(outputs / OUTPUTS), Math.ceil(HALF_FREQUENCIES / LANES)] as const;
    gpu.run(productSubgroupKernel, { ...call, constants: { CONJUGATE, PAIRS, OUTPUTS }, grid });
  } else {
    const { PAIRS, OUTPUTS } = PRODUCT;
    const grid = [Math.ceil(pairs / (LANES * PAIRS)), Math.ceil(outputs / (LANES * OUTPUTS)), HALF_FREQUENCIES] as const;
    gpu.run(productKernel, { ...call, constants: { CONJUGATE, PAIRS, OUTPUTS }, grid });
  }
  return y;
}

/** Adds to `dw` (9, 16, inputs, outputs), or with `first` replaces it by, twice the correlation of x (16, 16, inputs, pairs) with dy. */
export function correlateSpectra(x: Tensor, dy: Tensor, dw: Tensor, first: boolean): void {
  const [, , inputs, pairs] = x.shape;
  const outputs = dy.shape[2];
  const { gpu } = x;
  const call = { tensors: { x, dy, dw }, uniforms: { inputs, outputs, pairs } };
  const ACCUMULATE = Number(!first);
  if (tileProducts(gpu) === 'subgroup') {
    const [INPUTS, OUTPUTS] = [16, outputs > 2 * LANES ? 4 : 2];
    const grid = [Math.ceil(outputs / (LANES * OUTPUTS)), Math.ceil(inputs / INPUTS), Math.ceil(HALF_FREQUENCIES / LANES)] as const;
    gpu.run(correlateSubgroupKernel, { ...call, constants: { ACCUMULATE, INPUTS, OUTPUTS }, grid });
  } else {
    const perGroup = LANES * CORRELATE_BLOCK;
    const grid = [Math.ceil(outputs / perGroup), Math.ceil(inputs / perGroup), HALF_FREQUENCIES] as const;
    gpu.run(correlateKernel, { ...call, constants: { ACCUMULATE, BLOCK: CORRELATE_BLOCK }, grid });
  }
}

/** Empty spectra for the gradient to weights. */
export function emptyWeightSpectra(gpu: Runtime, inputs: number, outputs: number): Tensor {
  return Tensor.empty(gpu, [HALF_ROWS, TILE, inputs, outputs, 2], 'dw spectra');
}

/** Weights (Co, Ci, k, k) seen as images whose channels are what a product sums over. */
function weightPlanes(w: Tensor, summed: 'inputs' | 'outputs'): { planes: Planes; images: number } {
  const [co, ci, k] = w.shape;
  const plane = { tensor: w, height: k, width: k, enlarge: 1 as const };
  return summed === 'inputs'
    ? { planes: { ...plane, channels: ci, imageStride: ci * k * k, channelStride: k * k }, images: co }
    : { planes: { ...plane, channels: co, imageStride: k * k, channelStride: ci * k * k }, images: ci };
}

import correlateKernel from '../../../shaders/conv/conv_tile_correlate.wgsl';
import correlateSubgroupKernel from '../../../shaders/conv/conv_tile_correlate_subgroup.wgsl';
import forwardKernel from '../../../shaders/conv/conv_tile_forward.wgsl';
import inverseKernel from '../../../shaders/conv/conv_tile_inverse.wgsl';
import productKernel from '../../../shaders/conv/conv_tile_product.wgsl';
import productSubgroupKernel from '../../../shaders/conv/conv_tile_product_subgroup.wgsl';
import weightsKernel from '../../../shaders/conv/conv_tile_weights.wgsl';
import weightsGradientKernel from '../../../shaders/conv/conv_tile_weights_gradient.wgsl';
import type { Runtime } from '../../gpu/runtime';
import { Tensor } from '../../tensor/tensor';
import { WORKGROUP } from '../grid';
import type { Chunk, Tile, TilePlan } from './tiles';
import { tileProducts } from './variants';

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

const LANES = 8; // invocations each way in a workgroup of the products; invocations of a subgroup
const PRODUCT = { PAIRS: 2, OUTPUTS: 4 };
const CORRELATE_BLOCK = 4; // channels each way that an invocation makes

/** Pairs of tiles that a workgroup transforms, one line an invocation. */
const pairsPerGroup = (tile: number): number => WORKGROUP / tile;
/** Rows of frequencies that say all about a real tile. */
const halfRows = (tile: number): number => tile / 2 + 1;
/** How many frequencies these hold if only one of each f and -f is counted. */
const halfFrequencies = (tile: number): number => tile ** 2 / 2 + 2;

/** Spectra (tile, tile, channels, pairs) of the chunk's pairs of tiles, complex. */
export function pairSpectra(
  { tensor, enlarge, ...planes }: Planes,
  { tile, ...cut }: Cut,
  { firstPair, pairs }: Chunk,
  { origin, start, side }: Window,
): Tensor {
  const spectra = Tensor.empty(tensor.gpu, [tile, tile, planes.channels, pairs, 2], `${tensor.label} spectra`);
  tensor.gpu.run(forwardKernel, {
    tensors: { x: tensor, spectra },
    uniforms: { ...planes, ...cut, firstPair, pairs, origin },
    constants: { TILE: tile, START: start, SIDE: side, ENLARGE: enlarge },
    grid: [Math.ceil(pairs / pairsPerGroup(tile)), planes.channels, 1],
  });
  return spectra;
}

/** Writes the results of the chunk's pairs of tiles into their planes. */
export function pairsFromSpectra(
  spectra: Tensor,
  { tensor, enlarge, ...planes }: Planes,
  { tile, ...cut }: Cut,
  { firstPair, pairs }: Chunk,
  { first, side, slope, masked }: Result,
): void {
  tensor.gpu.run(inverseKernel, {
    tensors: { spectra, y: tensor },
    uniforms: { ...planes, ...cut, firstPair, pairs, slope, scale: 1 / tile ** 2 },
    constants: { TILE: tile, FIRST: first, SIDE: side, MASKED: Number(masked), POOL: enlarge },
    grid: [Math.ceil(pairs / pairsPerGroup(tile)), planes.channels, 1],
  });
}

/** Spectra (tile / 2 + 1, tile, inputs, outputs) of weights (Co, Ci, k, k); `inputs` are the channels that a product sums over. */
export function weightSpectra(w: Tensor, tile: Tile, summed: 'inputs' | 'outputs'): Tensor {
  const [co, ci, k] = w.shape;
  const [ofCo, ofCi] = [ci * k * k, k * k]; // strides
  const uniforms =
    summed === 'inputs'
      ? { inputs: ci, outputs: co, inputStride: ofCi, outputStride: ofCo }
      : { inputs: co, outputs: ci, inputStride: ofCo, outputStride: ofCi };
  const { inputs, outputs } = uniforms;
  const spectra = emptyWeightSpectra(w.gpu, tile, inputs, outputs);
  w.gpu.run(weightsKernel, {
    tensors: { w, spectra },
    uniforms,
    constants: { TILE: tile, K: k },
    grid: [Math.ceil((Math.ceil(halfRows(tile) / 3) * outputs) / WORKGROUP), inputs, 1], // an invocation makes three rows
  });
  return spectra;
}

/** Writes, or with `add` adds, to dw (Co, Ci, k, k) from twice its spectra, (tile / 2 + 1, tile, Ci, Co). */
export function weightsFromSpectra(spectra: Tensor, dw: Tensor, add: boolean): void {
  const [outputs, inputs, k] = dw.shape;
  const [, tile] = spectra.shape;
  spectra.gpu.run(weightsGradientKernel, {
    tensors: { spectra, dw },
    uniforms: { inputs, outputs, scale: 0.5 / tile ** 2, add: Number(add) },
    constants: { TILE: tile, K: k },
    grid: [Math.ceil(outputs / WORKGROUP), inputs, 1],
  });
}

/** Spectra of the results, (tile, tile, outputs, pairs): x (tile, tile, inputs, pairs) times w (`weightSpectra`) or its conjugate. */
export function multiplySpectra(x: Tensor, w: Tensor, conjugate: boolean): Tensor {
  const [TILE, , inputs, pairs] = x.shape;
  const outputs = w.shape[3];
  const { gpu } = x;
  const y = Tensor.empty(gpu, [TILE, TILE, outputs, pairs, 2], 'y spectra');
  const call = { tensors: { x, w, y }, uniforms: { inputs, outputs, pairs } };
  const CONJUGATE = Number(conjugate);
  if (tileProducts(gpu) === 'subgroup') {
    const [PAIRS, OUTPUTS] = [Math.ceil(pairs / LANES) % 2 === 0 ? 2 : 1, 16];
    const grid = [
      Math.ceil(pairs / (LANES * PAIRS)),
      Math.ceil(outputs / OUTPUTS),
      Math.ceil(halfFrequencies(TILE) / LANES),
    ] as const;
    gpu.run(productSubgroupKernel, { ...call, constants: { TILE, CONJUGATE, PAIRS, OUTPUTS }, grid });
  } else {
    const { PAIRS, OUTPUTS } = PRODUCT;
    const grid = [
      Math.ceil(pairs / (LANES * PAIRS)),
      Math.ceil(outputs / (LANES * OUTPUTS)),
      halfFrequencies(TILE),
    ] as const;
    gpu.run(productKernel, { ...call, constants: { TILE, CONJUGATE, PAIRS, OUTPUTS }, grid });
  }
  return y;
}

/** Adds to the spectra `dw`, or with `first` replaces them by, twice the correlation of x (tile, tile, inputs, pairs) with dy. */
export function correlateSpectra(x: Tensor, dy: Tensor, dw: Tensor, first: boolean): void {
  const [TILE, , inputs, pairs] = x.shape;
  const outputs = dy.shape[2];
  const { gpu } = x;
  const call = { tensors: { x, dy, dw }, uniforms: { inputs, outputs, pairs, add: Number(!first) } };
  if (tileProducts(gpu) === 'subgroup') {
    const [INPUTS, OUTPUTS] = [16, outputs > 2 * LANES ? 4 : 2];
    const grid = [
      Math.ceil(outputs / (LANES * OUTPUTS)),
      Math.ceil(inputs / INPUTS),
      Math.ceil(halfFrequencies(TILE) / LANES),
    ] as const;
    gpu.run(correlateSubgroupKernel, { ...call, constants: { TILE, INPUTS, OUTPUTS }, grid });
  } else {
    const perGroup = LANES * CORRELATE_BLOCK;
    const grid = [Math.ceil(outputs / perGroup), Math.ceil(inputs / perGroup), halfFrequencies(TILE)] as const;
    gpu.run(correlateKernel, { ...call, constants: { TILE, BLOCK: CORRELATE_BLOCK }, grid });
  }
}

/** Empty spectra of weights, or of the gradient to them. */
export function emptyWeightSpectra(gpu: Runtime, tile: Tile, inputs: number, outputs: number): Tensor {
  return Tensor.empty(gpu, [halfRows(tile), tile, inputs, outputs, 2], 'weight spectra');
}

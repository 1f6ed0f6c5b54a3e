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
import { sizesOf } from '../shape';
import type { Chunk, Tile, Tiling } from './tiles';
import { tileProducts } from './variants';

// The steps of a convolution by tiles: tiles to spectra, products or correlations of spectra, and back.

/** The planes that a transform reads or writes: a tensor, seen as images and channels. */
export interface Planes {
  readonly tensor: Tensor;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** elements from one image to the next, and from one channel to the next */
  readonly imageStride: number;
  readonly channelStride: number;
  /** 2: height and width are those of the tensor, enlarged twice */
  readonly enlarge: 1 | 2;
}

/** How planes are cut into tiles. */
export type Cut = Omit<Tiling, 'chunks'>;

/** The part of every tile that is read. */
export interface Window {
  /** row and column of the image at which the first tile begins */
  readonly origin: number;
  /** the first row and column of a tile that are read, and how many; all others are 0 */
  readonly start: number;
  readonly side: number;
}

/** The part of every tile that is written. */
export interface Result {
  /** the first row and column of a tile that are written, and how many */
  readonly first: number;
  readonly side: number;
  /** of a LeakyReLU on the values; or, `masked`, of the LeakyReLU that made the values which they replace */
  readonly slope: number;
  readonly masked: boolean;
}

const LANES = 8; // rows and columns of invocations in a workgroup of a product; invocations in a subgroup
const PRODUCT = { PAIRS: 2, OUTPUTS: 4 };
const CORRELATE_BLOCK = 4; // input and output channels per invocation

/** Pairs of tiles per workgroup of a transform, in which every invocation transforms a line. */
const pairsPerGroup = (tile: number): number => WORKGROUP / tile;
/** Rows of frequencies that determine the spectrum of a real tile. */
const halfRows = (tile: number): number => tile / 2 + 1;
/** The frequencies in them, of which f and -f count once. */
const halfFrequencies = (tile: number): number => tile ** 2 / 2 + 2;

/** The spectra of a chunk's pairs of tiles, complex: (tile, tile, channels, pairs, 2). */
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

/** Transforms the spectra of a chunk's pairs of tiles back, and writes them to their planes. */
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

/**
 * The spectra of weights (Co, Ci, k, k), complex: (tile / 2 + 1, tile, inputs, outputs, 2).
 *
 * @param summed the channels that products sum over, which become `inputs`
 */
export function weightSpectra(w: Tensor, tile: Tile, summed: 'inputs' | 'outputs'): Tensor {
  const [co, ci, k] = sizesOf(w);
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
    grid: [Math.ceil((Math.ceil(halfRows(tile) / 3) * outputs) / WORKGROUP), inputs, 1], // three rows per invocation
  });
  return spectra;
}

/** Transforms spectra of twice the gradient, (tile / 2 + 1, tile, Ci, Co, 2), back to dw (Co, Ci, k, k); with `add` adds it. */
export function weightsFromSpectra(spectra: Tensor, dw: Tensor, add: boolean): void {
  const [outputs, inputs, k] = sizesOf(dw);
  const [, tile] = spectraShape(spectra);
  spectra.gpu.run(weightsGradientKernel, {
    tensors: { spectra, dw },
    uniforms: { inputs, outputs, scale: 0.5 / tile ** 2, add: Number(add) },
    constants: { TILE: tile, K: k },
    grid: [Math.ceil(outputs / WORKGROUP), inputs, 1],
  });
}

/** The product of x (tile, tile, inputs, pairs, 2) with `weightSpectra`, or with their conjugate: (tile, tile, outputs, pairs, 2). */
export function multiplySpectra(x: Tensor, w: Tensor, conjugate: boolean): Tensor {
  const [TILE, , inputs, pairs] = spectraShape(x);
  const [, , , outputs] = spectraShape(w);
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

/**
 * dw <- dw + twice the correlation of x (tile, tile, inputs, pairs, 2) with dy (tile, tile, outputs, pairs, 2).
 *
 * @param first replaces dw instead
 */
export function correlateSpectra(x: Tensor, dy: Tensor, dw: Tensor, first: boolean): void {
  const [TILE, , inputs, pairs] = spectraShape(x);
  const [, , outputs] = spectraShape(dy);
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

/** A tensor for the spectra of weights, or of their gradient. */
export function emptyWeightSpectra(gpu: Runtime, tile: Tile, inputs: number, outputs: number): Tensor {
  return Tensor.empty(gpu, [halfRows(tile), tile, inputs, outputs, 2], 'weight spectra');
}

/** Spectra have five axes. */
const spectraShape = ({ shape }: Tensor) => shape as readonly [number, number, number, number, number];

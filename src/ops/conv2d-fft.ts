import correlateKernel from '../../shaders/conv_tile_correlate.wgsl';
import forwardKernel from '../../shaders/conv_tile_forward.wgsl';
import inverseKernel from '../../shaders/conv_tile_inverse.wgsl';
import productKernel from '../../shaders/conv_tile_product.wgsl';
import { Tensor } from '../tensor/tensor';
import { imageShape } from './shape';
import { type Chunk, TILE, type TilePlan, planTiles } from './tile-plan';

// Convolution through Fourier transforms of overlapping tiles (overlap-save), stride 1, zero padding k / 2, odd k up to 11.
// The spectra are taken in chunks of tiles, so that the workspace does not grow with the images.

export interface FftForwardOptions {
  /** of a LeakyReLU on the result; default 1, which is none */
  readonly slope?: number;
  /** where the result goes; default a new tensor */
  readonly into?: Tensor;
}

export interface FftGradInputOptions {
  /** the output of a LeakyReLU, which the gradient passes through: its memory is what the result is written to */
  readonly maskedBy?: Tensor;
  /** of that LeakyReLU; default 1 */
  readonly slope?: number;
}

const PAIRS_PER_GROUP = 4; // of the transforms
const LANES = 8; // invocations each way in a workgroup of the products
const PRODUCT = { PAIRS: 2, OUTPUTS: 4 };
const BLOCK = 4; // channels each way that an invocation of the correlation makes
const HALF_ROWS = TILE / 2 + 1; // of frequencies that say all about a real tile
const HALF_FREQUENCIES = 130; // of these, one of each f and -f

/** The planes that a transform reads or writes: a tensor seen as images and channels, and how it is cut into tiles. */
interface Planes {
  readonly tensor: Tensor;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** elements from one image to the next, and from one channel to the next */
  readonly imageStride: number;
  readonly channelStride: number;
}

type Cut = Omit<TilePlan, 'chunks'>;

/** y = leaky(conv(x, w)), (N, Co, H, W). x: (N, Ci, H, W), w: (Co, Ci, k, k). */
export function fftConvForward(x: Tensor, w: Tensor, { slope = 1, into }: FftForwardOptions = {}): Tensor {
  const [batch, , height, width] = imageShape(x);
  const y = into ?? Tensor.empty(x.gpu, [batch, w.shape[0], height, width], 'conv2d');
  const { planes, outputs } = weightPlanes(w, 'inputs');
  const spectra = weightSpectra(planes, outputs);
  filter(x, spectra, y, w.shape[2], { conjugate: true, first: 0, slope, masked: false });
  spectra.free();
  return y;
}

/** dx = d(loss)/dx, (N, Ci, H, W), times (maskedBy > 0 ? 1 : slope) where a mask is given. dy: (N, Co, H, W), w: (Co, Ci, k, k). */
export function fftConvGradInput(dy: Tensor, w: Tensor, { maskedBy, slope = 1 }: FftGradInputOptions = {}): Tensor {
  const [batch, , height, width] = imageShape(dy);
  const dx = maskedBy ?? Tensor.empty(dy.gpu, [batch, w.shape[1], height, width], 'conv2d dx');
  const { planes, outputs } = weightPlanes(w, 'outputs');
  const spectra = weightSpectra(planes, outputs);
  filter(dy, spectra, dx, w.shape[2], { conjugate: false, first: w.shape[2] - 1, slope, masked: maskedBy !== undefined });
  spectra.free();
  return dx;
}

/** d(loss)/dw, (Co, Ci, k, k). dy: (N, Co, H, W), x: (N, Ci, H, W). */
export function fftConvGradWeight(dy: Tensor, x: Tensor, kernelSize: number): Tensor {
  const [batch, inputs, height, width] = imageShape(x);
  const outputs = dy.shape[1];
  const { gpu } = x;
  const { chunks, ...cut } = planTiles({ batch, height, width }, kernelSize, inputs + outputs);
  const sums = Tensor.empty(gpu, [TILE, TILE, inputs, outputs, 2], 'dw spectra');
  for (const chunk of chunks) {
    const xs = transform(imagePlanes(x), cut, chunk, { origin: -(kernelSize >> 1), side: TILE });
    const dys = transform(imagePlanes(dy), cut, chunk, { origin: 0, side: cut.step });
    gpu.run(correlateKernel, {
      tensors: { x: xs, dy: dys, dw: sums },
      uniforms: { inputs, outputs, pairs: chunk.pairs },
      constants: { ACCUMULATE: Number(chunk.firstPair > 0), BLOCK },
      grid: [Math.ceil(outputs / (LANES * BLOCK)), Math.ceil(inputs / (LANES * BLOCK)), HALF_FREQUENCIES],
    });
    xs.free();
    dys.free();
  }
  const dw = Tensor.empty(gpu, [outputs, inputs, kernelSize, kernelSize], 'conv2d dw');
  const { planes } = weightPlanes(dw, 'inputs');
  const all = { firstPair: 0, pairs: outputs };
  transformBack(sums, planes, wholeTiles(outputs), all, { first: 0, side: kernelSize, members: 1, scale: 0.5 });
  sums.free();
  return dw;
}

interface Filter {
  /** whether the weights' spectra are conjugated: correlation, not convolution */
  readonly conjugate: boolean;
  /** row and column of a tile's product where its result begins */
  readonly first: number;
  readonly slope: number;
  readonly masked: boolean;
}

function filter(x: Tensor, w: Tensor, y: Tensor, kernelSize: number, { conjugate, first, slope, masked }: Filter): void {
  const [batch, inputs, height, width] = imageShape(x);
  const outputs = y.shape[1];
  const { chunks, ...cut } = planTiles({ batch, height, width }, kernelSize, inputs + outputs);
  for (const chunk of chunks) {
    const { pairs } = chunk;
    const xs = transform(imagePlanes(x), cut, chunk, { origin: -(kernelSize >> 1), side: TILE });
    const ys = Tensor.empty(x.gpu, [TILE, TILE, outputs, pairs, 2], 'y spectra');
    x.gpu.run(productKernel, {
      tensors: { x: xs, w, y: ys },
      uniforms: { inputs, outputs, pairs },
      constants: { CONJUGATE: Number(conjugate), ...PRODUCT },
      grid: [Math.ceil(pairs / (LANES * PRODUCT.PAIRS)), Math.ceil(outputs / (LANES * PRODUCT.OUTPUTS)), HALF_FREQUENCIES],
    });
    xs.free();
    transformBack(ys, imagePlanes(y), cut, chunk, { first, side: cut.step, slope, masked });
    ys.free();
  }
}

interface TransformOptions {
  /** row and column where the first tile begins */
  readonly origin: number;
  /** rows and columns of a tile that are read; the rest is 0 */
  readonly side: number;
  /** tiles in one complex tile; default 2 */
  readonly members?: 1 | 2;
  /** of frequencies to keep; default all */
  readonly rows?: number;
}

/** Spectra (rows, TILE, channels, pairs) of the chunk's tiles, complex. */
function transform(
  { tensor, ...planes }: Planes,
  cut: Cut,
  { firstPair, pairs }: Chunk,
  { origin, side, members = 2, rows = TILE }: TransformOptions,
): Tensor {
  const spectra = Tensor.empty(tensor.gpu, [rows, TILE, planes.channels, pairs, 2], `${tensor.label} spectra`);
  tensor.gpu.run(forwardKernel, {
    tensors: { x: tensor, spectra },
    uniforms: { ...planes, ...cut, firstPair, pairs, origin, rows },
    constants: { MEMBERS: members, SIDE: side },
    grid: [Math.ceil(pairs / PAIRS_PER_GROUP), planes.channels, 1],
  });
  return spectra;
}

interface TransformBackOptions {
  readonly first: number;
  readonly side: number;
  readonly members?: 1 | 2;
  /** of the result; default 1 */
  readonly scale?: number;
  readonly slope?: number;
  readonly masked?: boolean;
}

/** Writes the windows of `side` x `side` values from (first, first) on of the chunk's tiles into their planes. */
function transformBack(
  spectra: Tensor,
  { tensor, ...planes }: Planes,
  cut: Cut,
  { firstPair, pairs }: Chunk,
  { first, side, members = 2, scale = 1, slope = 1, masked = false }: TransformBackOptions,
): void {
  tensor.gpu.run(inverseKernel, {
    tensors: { spectra, y: tensor },
    uniforms: { ...planes, ...cut, firstPair, pairs, slope, scale: scale / TILE ** 2 },
    constants: { MEMBERS: members, FIRST: first, SIDE: side, MASKED: Number(masked) },
    grid: [Math.ceil(pairs / PAIRS_PER_GROUP), planes.channels, 1],
  });
}

function imagePlanes(tensor: Tensor): Planes {
  const [, channels, height, width] = imageShape(tensor);
  return { tensor, height, width, channels, imageStride: channels * height * width, channelStride: height * width };
}

/** Weights (Co, Ci, k, k) seen as images whose channels are what a product sums over; `outputs` counts the images. */
function weightPlanes(w: Tensor, summed: 'inputs' | 'outputs'): { planes: Planes; outputs: number } {
  const [co, ci, k] = imageShape(w);
  const plane = { tensor: w, height: k, width: k };
  return summed === 'inputs'
    ? { planes: { ...plane, channels: ci, imageStride: ci * k * k, channelStride: k * k }, outputs: co }
    : { planes: { ...plane, channels: co, imageStride: k * k, channelStride: ci * k * k }, outputs: ci };
}

function weightSpectra(planes: Planes, outputs: number): Tensor {
  const all = { firstPair: 0, pairs: outputs };
  return transform(planes, wholeTiles(outputs), all, { origin: 0, side: planes.height, members: 1, rows: HALF_ROWS });
}

/** One tile an image. */
const wholeTiles = (tiles: number): Cut => ({ step: TILE, tilesX: 1, tilesPerImage: 1, tiles });

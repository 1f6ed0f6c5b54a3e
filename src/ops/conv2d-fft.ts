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
  /** 2: x stands for itself enlarged twice (nearest) */
  readonly enlarge?: 1 | 2;
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
  /** 2: the gradient to the x that was enlarged, half as high and wide as dy */
  readonly enlarge?: 1 | 2;
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
  /** 2: height and width are those of the tensor enlarged twice */
  readonly enlarge: 1 | 2;
}

type Cut = Omit<TilePlan, 'chunks'>;

/** y = leaky(conv(x, w)), (N, Co, H, W). x: (N, Ci, H, W), w: (Co, Ci, k, k). */
export function fftConvForward(x: Tensor, w: Tensor, { slope = 1, into, enlarge = 1 }: FftForwardOptions = {}): Tensor {
  const [batch, , height, width] = imageShape(x);
  const y = into ?? Tensor.empty(x.gpu, [batch, w.shape[0], enlarge * height, enlarge * width], 'conv2d');
  const { planes, outputs } = weightPlanes(w, 'inputs');
  const spectra = weightSpectra(planes, outputs);
  filter(imagePlanes(x, enlarge), spectra, imagePlanes(y), w.shape[2], { conjugate: true, first: 0, slope, masked: false });
  spectra.free();
  return y;
}

/** dx = d(loss)/dx, (N, Ci, H, W), times (maskedBy > 0 ? 1 : slope) where a mask is given. dy: (N, Co, H, W), w: (Co, Ci, k, k). */
export function fftConvGradInput(dy: Tensor, w: Tensor, { maskedBy, slope = 1, enlarge = 1 }: FftGradInputOptions = {}): Tensor {
  const [batch, , height, width] = imageShape(dy);
  const dx = maskedBy ?? Tensor.empty(dy.gpu, [batch, w.shape[1], height / enlarge, width / enlarge], 'conv2d dx');
  const { planes, outputs } = weightPlanes(w, 'outputs');
  const spectra = weightSpectra(planes, outputs);
  const how = { conjugate: false, first: w.shape[2] - 1, slope, masked: maskedBy !== undefined };
  filter(imagePlanes(dy), spectra, imagePlanes(dx, enlarge), w.shape[2], how);
  spectra.free();
  return dx;
}

/** d(loss)/dw, (Co, Ci, k, k). dy: (N, Co, H, W), x: (N, Ci, H, W). */
export function fftConvGradWeight(dy: Tensor, x: Tensor, kernelSize: number, enlarge: 1 | 2 = 1): Tensor {
  const [batch, outputs, height, width] = imageShape(dy);
  const inputs = x.shape[1];
  const { gpu } = x;
  const { chunks, ...cut } = planTiles({ batch, height, width }, kernelSize, inputs + outputs);
  const sums = Tensor.empty(gpu, [HALF_ROWS, TILE, inputs, outputs, 2], 'dw spectra');
  for (const chunk of chunks) {
    const xs = transform(imagePlanes(x, enlarge), cut, chunk, { origin: -(kernelSize >> 1), side: TILE });
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
  transformBack(sums, planes, wholeTiles(outputs), all, { first: 0, side: kernelSize, members: 1, scale: 0.5, half: true });
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

function filter(x: Planes, w: Tensor, y: Planes, kernelSize: number, { conjugate, first, slope, masked }: Filter): void {
  const { gpu, shape: [batch] } = x.tensor;
  const { channels: inputs, height, width } = x;
  const outputs = y.channels;
  const { chunks, ...cut } = planTiles({ batch, height, width }, kernelSize, inputs + outputs);
  for (const chunk of chunks) {
    const { pairs } = chunk;
    const xs = transform(x, cut, chunk, { origin: -(kernelSize >> 1), side: TILE });
    const ys = Tensor.empty(gpu, [TILE, TILE, outputs, pairs, 2], 'y spectra');
    gpu.run(productKernel, {
      tensors: { x: xs, w, y: ys },
      uniforms: { inputs, outputs, pairs },
      constants: { CONJUGATE: Number(conjugate), ...PRODUCT },
      grid: [Math.ceil(pairs / (LANES * PRODUCT.PAIRS)), Math.ceil(outputs / (LANES * PRODUCT.OUTPUTS)), HALF_FREQUENCIES],
    });
    xs.free();
    transformBack(ys, y, cut, chunk, { first, side: cut.step, slope, masked });
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
  { tensor, enlarge, ...planes }: Planes,
  cut: Cut,
  { firstPair, pairs }: Chunk,
  { origin, side, members = 2, rows = TILE }: TransformOptions,
): Tensor {
  const spectra = Tensor.empty(tensor.gpu, [rows, TILE, planes.channels, pairs, 2], `${tensor.label} spectra`);
  tensor.gpu.run(forwardKernel, {
    tensors: { x: tensor, spectra },
    uniforms: { ...planes, ...cut, firstPair, pairs, origin, rows },
    constants: { MEMBERS: members, SIDE: side, ENLARGE: enlarge },
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
  /** the spectra hold HALF_ROWS rows alone; default false */
  readonly half?: boolean;
}

/** Writes the windows of `side` x `side` values from (first, first) on of the chunk's tiles into their planes. */
function transformBack(
  spectra: Tensor,
  { tensor, enlarge, ...planes }: Planes,
  cut: Cut,
  { firstPair, pairs }: Chunk,
  { first, side, members = 2, scale = 1, slope = 1, masked = false, half = false }: TransformBackOptions,
): void {
  tensor.gpu.run(inverseKernel, {
    tensors: { spectra, y: tensor },
    uniforms: { ...planes, ...cut, firstPair, pairs, slope, scale: scale / TILE ** 2 },
    constants: { MEMBERS: members, FIRST: first, SIDE: side, MASKED: Number(masked), POOL: enlarge, HALF: Number(half) },
    grid: [Math.ceil(pairs / PAIRS_PER_GROUP), planes.channels, 1],
  });
}

function imagePlanes(tensor: Tensor, enlarge: 1 | 2 = 1): Planes {
  const [, channels, height, width] = imageShape(tensor);
  const channelStride = height * width;
  const imageStride = channels * channelStride;
  return { tensor, height: enlarge * height, width: enlarge * width, channels, imageStride, channelStride, enlarge };
}

/** Weights (Co, Ci, k, k) seen as images whose channels are what a product sums over; `outputs` counts the images. */
function weightPlanes(w: Tensor, summed: 'inputs' | 'outputs'): { planes: Planes; outputs: number } {
  const [co, ci, k] = imageShape(w);
  const plane = { tensor: w, height: k, width: k, enlarge: 1 as const };
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

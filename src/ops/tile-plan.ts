/** Rows and columns of a tile, and the size of its Fourier transform. */
export const TILE = 16;

/** Frequencies of a tile. */
export const FREQUENCIES = TILE * TILE;

/** Bytes that the spectra of activations may take at a time; they are 2.6 times the activations (k = 7), and this keeps them in cache. */
export const WORKSPACE_BYTES = 8 * 2 ** 20;

/** The same where memory is short; it costs about a tenth of the speed. */
export const SMALL_WORKSPACE_BYTES = 2 * 2 ** 20;

const BYTES_PER_FREQUENCY = 8;
const LANES = 8; // a chunk is a multiple of what neighbouring invocations make of a product

/** How an N x H x W batch of images is cut into tiles of which a k x k convolution makes `step` x `step` values each. */
export interface TilePlan {
  /** rows and columns from one tile to the next: what circular convolution leaves unspoilt, 17 - k */
  readonly step: number;
  readonly tilesX: number;
  readonly tilesPerImage: number;
  /** of all images */
  readonly tiles: number;
  /** first pair of tiles and number of pairs of each chunk; a chunk is what is in memory at a time */
  readonly chunks: readonly Chunk[];
}

export interface Chunk {
  readonly firstPair: number;
  readonly pairs: number;
}

/**
 * Cuts a batch into tiles, two of which make one complex transform, and these pairs into chunks of about equal size.
 * @param channels whose spectra are in memory at once: those of the input and of the output
 */
export function planTiles(
  { batch, height, width }: { batch: number; height: number; width: number },
  kernelSize: number,
  channels: number,
  workspaceBytes = WORKSPACE_BYTES,
): TilePlan {
  const step = TILE + 1 - kernelSize;
  const tilesX = Math.ceil(width / step);
  const tilesPerImage = tilesX * Math.ceil(height / step);
  const tiles = batch * tilesPerImage;
  return { step, tilesX, tilesPerImage, tiles, chunks: cutIntoChunks(Math.ceil(tiles / 2), channels, workspaceBytes) };
}

function cutIntoChunks(pairs: number, channels: number, workspaceBytes: number): Chunk[] {
  const most = Math.max(1, Math.floor(workspaceBytes / (FREQUENCIES * BYTES_PER_FREQUENCY * channels * LANES))) * LANES;
  const count = Math.ceil(pairs / most);
  const size = Math.ceil(pairs / count / LANES) * LANES;
  return Array.from({ length: Math.ceil(pairs / size) }, (_, i) => ({
    firstPair: i * size,
    pairs: Math.min(size, pairs - i * size),
  }));
}

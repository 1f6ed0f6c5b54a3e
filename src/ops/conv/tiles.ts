/** Rows and columns that a tile may have, which is also the size of its Fourier transform. */
export const TILES = [16, 32] as const;
export type Tile = (typeof TILES)[number];

/** Bytes that the spectra of activations may take at a time: small enough for caches. An eighth of it costs about a fifth of the speed. */
const WORKSPACE_BYTES = 16 * 2 ** 20;

const BYTES_PER_FREQUENCY = 8;
const LANES = 8; // a chunk is a multiple of what neighbouring invocations make of a product

/** A convolution with stride 1: the size of its result, and its channels. */
export interface TiledShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** How an N x H x W batch of images is cut into tiles of which a k x k convolution makes `step` x `step` values each. */
export interface TilePlan {
  readonly tile: Tile;
  /** rows and columns from one tile to the next: what circular convolution leaves unspoilt, tile + 1 - k */
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

export interface PlanOptions {
  /** bytes that spectra of activations may take at a time; default WORKSPACE_BYTES */
  readonly workspace?: number;
  /** no tile larger than this is taken */
  readonly largest?: Tile;
  /** default the one of least work */
  readonly tile?: Tile;
}

/** Cuts a batch into tiles, two of which make one complex transform, and these pairs into chunks of about equal size. */
export function planTiles(
  shape: TiledShape,
  kernelSize: number,
  { workspace = WORKSPACE_BYTES, largest = 32, tile = suitedTile(shape, kernelSize, workspace, largest) }: PlanOptions = {},
): TilePlan {
  const { tiles, ...cut } = cutInto(tile, shape, kernelSize);
  return { tile, tiles, ...cut, chunks: cutIntoChunks(Math.ceil(tiles / 2), bytesPerPair(tile, shape), workspace) };
}

/**
 * The tile for which the fewest values are transformed, if the spectra of the weights and of a least chunk fit the workspace:
 * of a larger tile more is result and less is overlap, but weights grow to its size, and a small map fills it badly.
 */
function suitedTile(shape: TiledShape, kernelSize: number, workspace: number, largest: Tile): Tile {
  const { inputs, outputs } = shape;
  const work = (tile: Tile) =>
    tile ** 2 * ((cutInto(tile, shape, kernelSize).tiles / 2) * (inputs + outputs) + inputs * outputs);
  const bytes = (tile: Tile) => (tile ** 2 / 2) * BYTES_PER_FREQUENCY * inputs * outputs + LANES * bytesPerPair(tile, shape);
  const fits = (tile: Tile) => tile <= largest && bytes(tile) <= workspace;
  return TILES.filter((tile, i) => i === 0 || fits(tile)).reduce((best, tile) => (work(tile) < work(best) ? tile : best));
}

const bytesPerPair = (tile: Tile, { inputs, outputs }: TiledShape): number =>
  tile ** 2 * BYTES_PER_FREQUENCY * (inputs + outputs);

function cutInto(tile: Tile, { batch, height, width }: TiledShape, kernelSize: number) {
  const step = tile + 1 - kernelSize;
  const tilesX = Math.ceil(width / step);
  const tilesPerImage = tilesX * Math.ceil(height / step);
  return { step, tilesX, tilesPerImage, tiles: batch * tilesPerImage };
}

function cutIntoChunks(pairs: number, pairBytes: number, workspaceBytes: number): Chunk[] {
  const most = Math.max(1, Math.floor(workspaceBytes / (pairBytes * LANES))) * LANES;
  const count = Math.ceil(pairs / most);
  const size = Math.ceil(pairs / count / LANES) * LANES;
  return Array.from({ length: Math.ceil(pairs / size) }, (_, i) => ({
    firstPair: i * size,
    pairs: Math.min(size, pairs - i * size),
  }));
}

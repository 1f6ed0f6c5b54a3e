/** Sizes of a tile, in rows and columns, which are also the sizes of its Fourier transform. */
export const TILES = [16, 32] as const;
export type Tile = (typeof TILES)[number];

const BYTES_PER_FREQUENCY = 8;
const LANES = 8; // the pairs of a chunk are a multiple of the pairs in a workgroup of a product

/** A convolution with stride 1: the size of its result and its channels. */
export interface TiledShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** How a batch of images is cut into tiles, each of which gives `step` x `step` values of a k x k convolution. */
export interface Tiling {
  readonly tile: Tile;
  /** rows and columns from one tile to the next: tile + 1 - k, the values that circular convolution computes right */
  readonly step: number;
  readonly tilesX: number;
  readonly tilesPerImage: number;
  /** tiles of all images */
  readonly tiles: number;
  /** the pairs of tiles that are in memory at a time */
  readonly chunks: readonly Chunk[];
}

export interface Chunk {
  readonly firstPair: number;
  readonly pairs: number;
}

export interface TilingOptions {
  /** the most bytes that spectra of activations take at a time */
  readonly workspace: number;
  /** the largest tile to use; default 32 */
  readonly largest?: Tile;
  /** default the size of least work */
  readonly tile?: Tile;
}

/** Cuts a batch into tiles, and pairs of tiles, which share a complex transform, into chunks of about equal size. */
export function cutIntoTiles(
  shape: TiledShape,
  kernelSize: number,
  { workspace, largest = 32, tile = suitedTile(shape, kernelSize, workspace, largest) }: TilingOptions,
): Tiling {
  const { tiles, ...cut } = cutInto(tile, shape, kernelSize);
  return { tile, tiles, ...cut, chunks: cutIntoChunks(Math.ceil(tiles / 2), bytesPerPair(tile, shape), workspace) };
}

/**
 * The tile for which the fewest values are transformed, among those for which the weights and the smallest chunk fit the workspace.
 * A larger tile has less overlap, but the spectra of weights grow with it, and small maps leave much of it empty.
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

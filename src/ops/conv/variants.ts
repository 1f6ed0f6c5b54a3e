import type { Runtime } from '../../gpu/runtime';
import { TILES, type Tile } from './tiles';

/**
 * How the spectra of tiles are multiplied. `plain`: every invocation loads what it multiplies. `subgroup`: the lanes of a subgroup,
 * 8 wide, load for each other.
 */
export type TileProducts = 'plain' | 'subgroup';

/** The key of the choice in Runtime.choices. */
export const PRODUCTS_CHOICE = 'tile products';

type Abilities = Pick<Runtime['adapter'], 'software' | 'features' | 'subgroupSize'>;

/** Whether an adapter can run the products by subgroups: its subgroups are known to be 8 wide. */
export function hasSubgroupsOf8({ features, subgroupSize }: Abilities): boolean {
  return features.includes('subgroups') && subgroupSize === 8;
}

/**
 * What suits an adapter: the plain products, save on lavapipe, whose lanes are those of a CPU's vectors, and where a load costs every
 * lane as much as several multiplications (benchmarks/RESULTS.md has the ratio).
 */
export function suitedProducts(adapter: Abilities): TileProducts {
  return adapter.software && hasSubgroupsOf8(adapter) ? 'subgroup' : 'plain';
}

/** The key in Runtime.choices of the largest tile that may be used. */
export const TILE_CHOICE = 'largest tile';

/** Small tiles are compiled in a third of the time, large ones compute less; where a tuner found nothing, the largest there is. */
export function largestTile({ choices }: Runtime): Tile {
  return TILES.find((tile) => `${tile}` === choices.get(TILE_CHOICE)) ?? TILES.at(-1)!;
}

/** What to run: what a tuner chose for this adapter, or what suits it. */
export function tileProducts({ choices, adapter }: Runtime): TileProducts {
  return (choices.get(PRODUCTS_CHOICE) as TileProducts) ?? suitedProducts(adapter);
}

import type { Runtime } from '../../gpu/runtime';
import { TILES, type Tile } from './tiles';

/**
 * How spectra of tiles are multiplied. `plain`: every invocation loads its own operands. `subgroup`: the 8 invocations of a subgroup
 * share what they load.
 */
export type TileProducts = 'plain' | 'subgroup';

/** The key in `Runtime.choices` of how spectra are multiplied. */
export const PRODUCTS_CHOICE = 'tile products';

type Abilities = Pick<Runtime['adapter'], 'software' | 'features' | 'subgroupSize'>;

/** Whether an adapter can run the products by subgroups: all its subgroups must have 8 invocations. */
export function hasSubgroupsOf8({ features, subgroupSize }: Abilities): boolean {
  return features.includes('subgroups') && subgroupSize === 8;
}

/**
 * The default for an adapter: plain products, except on lavapipe, which maps invocations to the lanes of CPU vectors: there a load
 * costs as much as several multiplications (see benchmarks/RESULTS.md).
 */
export function suitedProducts(adapter: Abilities): TileProducts {
  return adapter.software && hasSubgroupsOf8(adapter) ? 'subgroup' : 'plain';
}

/** The key in `Runtime.choices` of the largest tile to use. */
export const TILE_CHOICE = 'largest tile';

/** The largest tile to use: a tuner's choice, or 32. Small tiles compile in a third of the time, large tiles compute less. */
export function largestTile({ choices }: Runtime): Tile {
  return TILES.find((tile) => `${tile}` === choices.get(TILE_CHOICE)) ?? TILES.at(-1)!;
}

/** How to multiply spectra: a tuner's choice, or the default for the adapter. */
export function tileProducts({ choices, adapter }: Runtime): TileProducts {
  return (choices.get(PRODUCTS_CHOICE) as TileProducts) ?? suitedProducts(adapter);
}

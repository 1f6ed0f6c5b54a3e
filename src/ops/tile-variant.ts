import type { Runtime } from '../gpu/runtime';

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

/** What to run: what a tuner chose for this adapter, or what suits it. */
export function tileProducts({ choices, adapter }: Runtime): TileProducts {
  return (choices.get(PRODUCTS_CHOICE) as TileProducts) ?? suitedProducts(adapter);
}

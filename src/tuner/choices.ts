import type { AdapterReport } from '../gpu/device';
import { FFT_KERNELS, methodChoice } from '../ops/conv/convolve';
import { TILES } from '../ops/conv/tiles';
import { hasSubgroupsOf8, PRODUCTS_CHOICE, TILE_CHOICE } from '../ops/conv/variants';

/** A choice between kernels that compute the same. */
export interface Choice {
  /** the key in `Runtime.choices` */
  readonly name: string;
  /** kernel size of the convolutions that are checked and timed */
  readonly kernelSize: number;
  /** height and width of the images that are timed; default 64 */
  readonly side?: number;
  /** size of the images that are checked: above the 16x16 from which tiles are used, and not a multiple of a tile */
  readonly checked: readonly [height: number, width: number];
  /** the options that an adapter can run */
  options(adapter: AdapterReport): readonly string[];
}

/** All choices, in the order in which they are made: each applies to the timing of the next. */
export const CHOICES: readonly Choice[] = [
  {
    name: PRODUCTS_CHOICE,
    kernelSize: 7,
    checked: [18, 19],
    options: (adapter) => (hasSubgroupsOf8(adapter) ? ['plain', 'subgroup'] : ['plain']),
  },
  { name: TILE_CHOICE, kernelSize: 7, side: 128, checked: [26, 52], options: () => TILES.map(String) }, // sizes for which the largest tile is used
  ...FFT_KERNELS.map(
    (kernelSize): Choice => ({
      name: methodChoice(kernelSize),
      kernelSize,
      checked: [18, 19],
      options: () => ['direct', 'fft'],
    }),
  ),
];

/** The choices for which this adapter has more than one option. */
export function openChoices(adapter: AdapterReport): Choice[] {
  return CHOICES.filter(({ options }) => options(adapter).length > 1);
}

/** The entries of `stored` that are still choices, and options that this adapter can run. */
export function validChoices(stored: Readonly<Record<string, unknown>>, adapter: AdapterReport): Map<string, string> {
  const valid = new Map<string, string>();
  for (const { name, options } of CHOICES) {
    const option = stored[name];
    if (typeof option === 'string' && options(adapter).includes(option)) valid.set(name, option);
  }
  return valid;
}

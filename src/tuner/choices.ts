import type { AdapterReport } from '../gpu/device';
import { FFT_KERNELS, methodChoice } from '../ops/conv/convolve';
import { TILES } from '../ops/conv/tiles';
import { hasSubgroupsOf8, PRODUCTS_CHOICE, TILE_CHOICE } from '../ops/conv/variants';

/** A choice between kernels that compute the same thing. */
export interface Choice {
  /** the key in Runtime.choices */
  readonly name: string;
  /** size of the convolutions that options are judged by */
  readonly kernel: number;
  /** of the images that they are timed on; default 64 */
  readonly side?: number;
  /** height and width of those that they are checked on: more than the 16 x 16 from which tiles are used, and a multiple of none */
  readonly checked: readonly [height: number, width: number];
  /** what this adapter can run */
  options(adapter: AdapterReport): readonly string[];
}

/** All choices, in the order in which they are made: later ones are judged with the earlier ones in force. */
export const CHOICES: readonly Choice[] = [
  {
    name: PRODUCTS_CHOICE,
    kernel: 7,
    checked: [18, 19],
    options: (adapter) => (hasSubgroupsOf8(adapter) ? ['plain', 'subgroup'] : ['plain']),
  },
  { name: TILE_CHOICE, kernel: 7, side: 128, checked: [26, 52], options: () => TILES.map(String) }, // sizes that take the largest
  ...FFT_KERNELS.map(
    (kernel): Choice => ({ name: methodChoice(kernel), kernel, checked: [18, 19], options: () => ['direct', 'fft'] }),
  ),
];

/** Those that leave this adapter more than one option. */
export function openChoices(adapter: AdapterReport): Choice[] {
  return CHOICES.filter(({ options }) => options(adapter).length > 1);
}

/** Those of `stored` that are still choices and that this adapter can run. */
export function validChoices(stored: Readonly<Record<string, unknown>>, adapter: AdapterReport): Map<string, string> {
  const valid = new Map<string, string>();
  for (const { name, options } of CHOICES) {
    const option = stored[name];
    if (typeof option === 'string' && options(adapter).includes(option)) valid.set(name, option);
  }
  return valid;
}

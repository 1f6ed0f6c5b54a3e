import { Random } from '../../src/core/random';
import type { PartDefect } from '../../src/demo/part-defects';
import { makePart } from '../../src/demo/parts';

// Makes the parts of the demonstration, each some tens of milliseconds of work, and sends one after the other.

/** A part that was made, and how many there will be. */
export interface MadePart {
  readonly name: string;
  /** to learn from; others are to be inspected */
  readonly learn: boolean;
  readonly image: ImageData;
  readonly of: number;
}

const SIZE = 128;
const PARTS: readonly (readonly [name: string, defect: PartDefect, count: number])[] = [
  ['made', 'none', 20],
  ['good', 'none', 4],
  ['scratch', 'scratch', 3],
  ['stain', 'stain', 3],
  ['missing', 'missing', 2],
];

const random = new Random(2023); // the same parts in every page
const of = PARTS.reduce((sum, [, , count]) => sum + count, 0);
for (const [name, defect, count] of PARTS) {
  for (let i = 1; i <= count; i++) {
    const rgb = makePart(random.uint32(), SIZE, defect).image;
    const image = new ImageData(SIZE, SIZE);
    for (let at = 0; at < SIZE * SIZE; at++) image.data.set([rgb[3 * at], rgb[3 * at + 1], rgb[3 * at + 2], 255], 4 * at);
    postMessage({ name: `${name}-${i}`, learn: name === 'made', image, of } satisfies MadePart);
  }
}

import { Random } from '../../src/core/random';
import type { PartDefect } from '../../src/demo/part-defects';
import { makePart } from '../../src/demo/parts';

// Generates the sample parts, which takes some tens of milliseconds each, and posts them one by one.

/** A sample part, and how many there will be. */
export interface SamplePart {
  readonly name: string;
  /** true to learn from it, false to inspect it */
  readonly learn: boolean;
  readonly image: ImageData;
  readonly of: number;
}

const SIZE = 128;
const PARTS: readonly (readonly [name: string, defect: PartDefect, count: number])[] = [
  ['sample', 'none', 20],
  ['good', 'none', 4],
  ['scratch', 'scratch', 3],
  ['stain', 'stain', 3],
  ['missing', 'missing', 2],
];

const random = new Random(2023); // the same parts for everybody
const of = PARTS.reduce((sum, [, , count]) => sum + count, 0);
for (const [name, defect, count] of PARTS) {
  for (let i = 1; i <= count; i++) {
    const rgb = makePart(random.uint32(), SIZE, defect).image;
    const image = new ImageData(SIZE, SIZE);
    for (let at = 0; at < SIZE * SIZE; at++) image.data.set([rgb[3 * at], rgb[3 * at + 1], rgb[3 * at + 2], 255], 4 * at);
    postMessage({ name: `${name}-${i}`, learn: name === 'sample', image, of } satisfies SamplePart);
  }
}

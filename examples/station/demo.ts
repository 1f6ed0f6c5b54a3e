import type { PartDefect } from '../../src/data/part-defects';
import { makePart } from '../../src/data/parts';
import { Random } from '../../src/random';
import { breathe } from './dom';
import type { Picture } from './state';

const SIZE = 128;
const GOOD = 20;
const TEST: readonly (readonly [defect: PartDefect, count: number])[] = [
  ['none', 4],
  ['scratch', 3],
  ['stain', 3],
  ['missing', 2],
];

/** Made-up parts: good ones to learn from and others to inspect, the same in every page. */
export async function makeParts(onPart: (done: number, of: number) => void): Promise<{ good: Picture[]; test: Picture[] }> {
  const random = new Random(2023);
  const test = TEST.flatMap(([defect, count]) => Array.from({ length: count }, (_, i) => ({ defect, number: i + 1 })));
  const all = GOOD + test.length;
  const make = async (name: string, defect: PartDefect, done: number): Promise<Picture> => {
    const { image } = makePart(random.uint32(), SIZE, defect);
    onPart(done, all);
    await breathe(); // a part takes tens of milliseconds
    return { name, source: opaque(image) };
  };
  const good: Picture[] = [];
  for (let i = 1; i <= GOOD; i++) good.push(await make(`made-${i}`, 'none', i));
  const inspected: Picture[] = [];
  for (const { defect, number } of test) {
    const name = `${defect === 'none' ? 'good' : defect}-${number}`;
    inspected.push(await make(name, defect, GOOD + inspected.length + 1));
  }
  return { good, test: inspected };
}

/** RGB bytes as a page's picture. */
function opaque(rgb: Uint8Array): ImageData {
  const image = new ImageData(SIZE, SIZE);
  for (let i = 0; i < SIZE * SIZE; i++) image.data.set([rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2], 255], 4 * i);
  return image;
}

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { labelRegions } from '../../src/metrics/regions';

/** Flood fill from each pixel not yet reached, in reading order. */
function floodFill(mask: Uint8Array, width: number): Int32Array {
  const labels = new Int32Array(mask.length);
  let count = 0;
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || labels[start] !== 0) continue;
    labels[start] = ++count;
    const stack = [start];
    while (stack.length > 0) {
      const at = stack.pop()!;
      for (let other = 0; other < mask.length; other++) {
        const dy = Math.abs(Math.floor(at / width) - Math.floor(other / width));
        const dx = Math.abs((at % width) - (other % width));
        if (mask[other] === 0 || labels[other] !== 0 || Math.max(dx, dy) > 1) continue;
        labels[other] = count;
        stack.push(other);
      }
    }
  }
  return labels;
}

function parse(rows: string[]): Uint8Array {
  return Uint8Array.from(rows.join(''), (c) => (c === '#' ? 255 : 0));
}

test('joins a spiral, a comb and diagonals into one region each', () => {
  const shapes = {
    spiral: ['#######', '......#', '#####.#', '#...#.#', '#.###.#', '#.....#', '#######'],
    comb: ['#.#.#.#', '#.#.#.#', '#######'],
    valley: ['#...#', '.#.#.', '..#..'],
    peak: ['..#..', '.#.#.', '#...#'],
  };
  for (const [name, rows] of Object.entries(shapes)) {
    const { sizes } = labelRegions(parse(rows), rows.length, rows[0].length);
    assert.equal(sizes, [rows.join('').replaceAll('.', '').length], name);
  }
});

test('does not join across the end of a row', () => {
  assert.equal(labelRegions(parse(['..#', '#..']), 2, 3).sizes, [1, 1]);
  assert.equal(labelRegions(parse(['..#', '...', '#..']), 3, 3).sizes, [1, 1]);
});

test('agrees with flood fill on random masks of every density and odd sizes', () => {
  const random = new Random(4);
  for (const [height, width] of [
    [1, 1],
    [1, 17],
    [17, 1],
    [13, 22],
  ]) {
    for (const density of [0.1, 0.35, 0.5, 0.8, 1]) {
      const mask = Uint8Array.from({ length: height * width }, () => (random.uniform() < density ? 1 : 0));
      const { labels, sizes } = labelRegions(mask, height, width);
      const expected = floodFill(mask, width);
      const name = `${height}x${width} at ${density}`;
      assert.is(
        labels.findIndex((label, at) => label !== expected[at]),
        -1,
        name,
      );
      assert.equal(
        sizes,
        sizes.map((_, r) => expected.filter((label) => label === r + 1).length),
        name,
      );
    }
  }
});

test('an empty mask has no region; a wrong size is refused', () => {
  assert.equal(labelRegions(new Uint8Array(12), 3, 4).sizes, []);
  assert.throws(
    () => labelRegions(new Uint8Array(12), 3, 5),
    (e: Error) => e.name === 'ShapeError',
  );
});

test.run();

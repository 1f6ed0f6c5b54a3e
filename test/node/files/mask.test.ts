import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resizeMask } from '../../../src/node/files/mask';
import { assertRejects } from '../../support/assert-rejects';

const mask = (rows: readonly string[]) => ({
  data: Uint8Array.from(rows.join(''), Number),
  height: rows.length,
  width: rows[0].length,
});

/** The definition, by counting hits of a fine grid that divides both sizes. */
function reference(source: ReturnType<typeof mask>, height: number, width: number): number[] {
  const [rows, columns] = [source.height * height, source.width * width];
  const area = new Array<number>(height * width).fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = source.data[Math.floor(i / height) * source.width + Math.floor(j / width)];
      area[Math.floor(i / source.height) * width + Math.floor(j / source.width)] += value;
    }
  }
  return area.map((hits) => Number(2 * hits >= source.height * source.width));
}

test('a pixel is defective where half of its area is', () => {
  const source = mask(['1100000', '1110010', '0110011', '0000001', '1010101']);
  for (const [height, width] of [
    [2, 3],
    [5, 7],
    [10, 14],
    [3, 7],
    [4, 6],
    [1, 1],
    [11, 13],
  ]) {
    const resized = resizeMask(source, { height, width });
    assert.equal([resized.height, resized.width], [height, width]);
    assert.equal([...resized.data], reference(source, height, width), `${height}x${width}`);
  }
});

test('exactly half counts', () => {
  assert.equal([...resizeMask(mask(['10', '01']), { height: 1, width: 1 }).data], [1]);
  assert.equal([...resizeMask(mask(['100000', '010000', '001000']), { height: 1, width: 2 }).data], [0, 0]);
});

test('an empty size is refused', () =>
  assertRejects(() => resizeMask(mask(['1']), { height: 0, width: 1 }), 'ShapeError', /1x1 cannot become 0x1/));

test.run();

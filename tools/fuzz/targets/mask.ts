import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMask } from '../../../src/node/files/image-file';
import { type Mask, resizeMask } from '../../../src/node/files/mask';
import { target } from '../target';
import { damagedImage } from './image-seeds';

const SIZES = [
  { height: 1, width: 1 },
  { height: 7, width: 3 },
  { height: 32, width: 16 },
];
const MOST = 2 ** 20; // pixels of a mask that is resized here: a header can make a small file large

function checkMask({ data, height, width }: Mask): void {
  assert.equal(data.length, height * width, 'the bytes do not fill the mask');
  assert.ok(
    data.every((value) => value === 0 || value === 1),
    'a value other than 0 and 1',
  );
}

export const mask = target({
  name: 'mask',
  refusals: ['DataError'],
  generate: damagedImage,
  read: async (bytes, { folder }) => {
    const path = join(folder, 'mask.png');
    await writeFile(path, bytes);
    return readMask(path);
  },
  check: (found) => {
    checkMask(found);
    if (found.data.length > MOST) return;
    for (const size of SIZES) {
      const resized = resizeMask(found, size);
      checkMask(resized);
      assert.deepEqual([resized.height, resized.width], [size.height, size.width]);
      for (const value of [0, 1]) {
        const same = found.data.every((pixel) => pixel === value);
        assert.ok(!same || resized.data.every((pixel) => pixel === value), `a mask of ${value} became another`);
      }
    }
  },
});

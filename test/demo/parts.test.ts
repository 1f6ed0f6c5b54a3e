import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLayout } from '../../src/dataset/layouts';
import { makePart, partsDataset } from '../../src/demo/parts';

const DEFECTS = ['scratch', 'stain', 'missing'] as const;

/** Mean absolute difference of bytes where `where` holds. */
function meanDifference(a: Uint8Array, b: Uint8Array, where: (pixel: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (!where(Math.floor(i / 3))) continue;
    sum += Math.abs(a[i] - b[i]);
    count++;
  }
  return sum / count;
}

test('the same seed gives the same bytes, another seed another part', () => {
  assert.ok(Buffer.from(makePart(5, 48, 'stain').image).equals(makePart(5, 48, 'stain').image));
  assert.not(Buffer.from(makePart(6, 48, 'stain').image).equals(makePart(5, 48, 'stain').image));
});

test('a good part has an empty mask', () => {
  assert.ok(makePart(1, 64, 'none').mask.every((byte) => byte === 0));
});

test('good parts differ by less than defects do: they are aligned', () => {
  const [a, b] = [makePart(1, 64, 'none').image, makePart(2, 64, 'none').image];
  const difference = meanDifference(a, b, () => true);
  assert.ok(difference > 1 && difference < 12, `mean difference ${difference}`);
});

test('every defect is small, shows inside its mask and leaves the rest as it was', () => {
  for (const size of [32, 64, 128]) {
    for (const defect of DEFECTS) {
      for (let seed = 0; seed < (size === 128 ? 2 : 10); seed++) {
        const name = `${defect} ${seed} at ${size}`;
        const good = makePart(seed, size, 'none').image;
        const { image, mask } = makePart(seed, size, defect);
        const share = mask.filter((byte) => byte === 255).length / mask.length;
        assert.ok(
          mask.every((byte) => byte === 0 || byte === 255),
          name,
        );
        assert.ok(share > 0.0005 && share < 0.03, `${name}: ${share} of the image`);
        assert.ok(meanDifference(image, good, (pixel) => mask[pixel] > 0) > 10, `${name}: shows`);
        const elsewhere = meanDifference(image, good, (pixel) => mask[pixel] === 0);
        assert.ok(elsewhere < 0.5, `${name}: changes the rest by ${elsewhere}`);
      }
    }
  }
});

test('the data set reads as MVTec AD with every mask in place', () => {
  const options = { size: 32, train: 4, good: 2, perDefect: 3, seed: 1 };
  const files = partsDataset(options);
  const {
    layout,
    train,
    test: tests,
    missingMasks,
  } = readLayout(
    files.map((file) => file.path),
    'parts',
  );
  assert.equal([layout, train.length, tests.length, missingMasks], ['MVTec AD', 4, 2 + 3 * 3, []]);
  assert.ok(files.every((file) => file.data.length === file.width * file.height * file.channels));
  const again = partsDataset(options);
  assert.ok(files.every((file, i) => Buffer.from(file.data).equals(again[i].data)));
  const images = files.filter((file) => file.channels === 3);
  assert.is(new Set(images.map((file) => Buffer.from(file.data).toString('latin1'))).size, 15);
});

test('refuses a size too small to show anything', () => {
  for (const size of [0, 15, 32.5]) {
    assert.throws(
      () => makePart(1, size, 'none'),
      (error: Error) => error.name === 'ShapeError',
    );
  }
});

test.run();

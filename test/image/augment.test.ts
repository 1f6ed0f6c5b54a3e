import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { augmentImage, type ByteImage, flipHorizontal, rotateQuarters } from '../../src/image/augment';

/** Letters to an image of two channels, the second of which tells channels from pixels. */
function parse(...rows: string[]): ByteImage {
  const codes = [...rows.join('')].map((letter) => letter.charCodeAt(0));
  const data = Uint8Array.from(codes.flatMap((code) => [code, code + 100]));
  return { data, height: rows.length, width: rows[0].length, channels: 2 };
}

test('flips and turns as drawn, channels kept together', () => {
  const image = parse('abc', 'def');
  assert.equal(flipHorizontal(image), parse('cba', 'fed'));
  assert.equal(rotateQuarters(image, 1), parse('cf', 'be', 'ad'));
  assert.equal(rotateQuarters(image, 2), parse('fed', 'cba'));
  assert.equal(rotateQuarters(image, 3), parse('da', 'eb', 'fc'));
  for (const turns of [0, 4, -4]) assert.equal(rotateQuarters(image, turns), image);
  assert.equal(rotateQuarters(image, -1), rotateQuarters(image, 3));
});

test('draws all eight symmetries of a square about equally, and the four of a rectangle', () => {
  for (const [image, symmetries] of [
    [parse('ab', 'cd'), 8],
    [parse('abc', 'def'), 4],
  ] as const) {
    const random = new Random(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 8000; i++) {
      const augmented = augmentImage(image, 'dihedral', random);
      assert.equal([augmented.height, augmented.width], [image.height, image.width]);
      const key = augmented.data.join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.is(counts.size, symmetries);
    for (const count of counts.values()) assert.ok(Math.abs(count / 8000 - 1 / symmetries) < 0.03);
  }
});

test('the source is not touched, and `none` draws nothing', () => {
  const image = parse('ab', 'cd');
  const random = new Random(5);
  augmentImage(image, 'dihedral', random);
  assert.equal(image, parse('ab', 'cd'));
  const before = random.state();
  assert.is(augmentImage(image, 'none', random), image);
  assert.equal(random.state(), before);
});

test('refuses bytes that do not fit the image', () => {
  const broken = { data: new Uint8Array(11), height: 2, width: 2, channels: 3 };
  assert.throws(
    () => flipHorizontal(broken),
    (error: Error) => error.name === 'ShapeError',
  );
});

test.run();

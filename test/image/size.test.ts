import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modelSize, nearestGoodSide, parseSize } from '../../src/image/size';
import { assertRejects } from '../support/assert-rejects';

test('a size is the shorter side, or height x width', () => {
  assert.equal(parseSize('256'), { shorter: 256 });
  assert.equal(parseSize('240X320'), { height: 240, width: 320 });
});

for (const text of ['', '0', '-5', '1.5', '0x8', '8x', 'big', '8x8x8']) {
  test(`'${text}' is not a size`, () => assertRejects(() => parseSize(text), 'UsageError', /is not understood/));
}

for (const text of ['16385', '99999999999999999999', '8x99999', '4294967304', '9'.repeat(400)]) {
  test(`${text.slice(0, 20)} is too large`, () =>
    assertRejects(() => parseSize(text), 'UsageError', /^size .{1,43} is above 16384; give 256/));
}

test('a very thin image is not enlarged without limit', () =>
  assertRejects(() => modelSize({ shorter: 256 }, { height: 1, width: 16383 }, 4), 'ShapeError', /256x4194048/));

test('the longer side follows in proportion; both move to sizes that levels and FFT allow', () => {
  const photo = { height: 1000, width: 1500 };
  const cases = [
    [{ shorter: 256 }, 4, 256, 384, false],
    [{ shorter: 100 }, 4, 96, 144, true], // 100x150
    [{ height: 256, width: 256 }, 8, 256, 256, false],
    [{ height: 88, width: 48 }, 4, 96, 48, true], // 88 = 8 * 11
  ] as const;
  for (const [request, levels, height, width, adjusted] of cases) {
    assert.equal(modelSize(request, photo, levels), { size: { height, width }, adjusted });
  }
});

test('no better side is nearer', () => {
  const isGood = (side: number, step: number) => {
    let rest = side;
    for (const factor of [2, 3, 5, 7]) while (rest % factor === 0) rest /= factor;
    return side % step === 0 && rest === 1;
  };
  for (const levels of [2, 4, 8]) {
    const step = 2 ** (levels - 1);
    for (let side = 1; side < 700; side++) {
      const found = nearestGoodSide(side, levels);
      assert.ok(isGood(found, step), `${side} at ${levels} levels: ${found}`);
      const distance = Math.abs(found - side);
      for (let other = Math.max(step, side - distance + 1); other < side + distance; other++) {
        assert.not(isGood(other, step), `${side} at ${levels} levels: ${found}, but ${other} is nearer`);
      }
    }
  }
});

test.run();

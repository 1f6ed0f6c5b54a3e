import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modelSize, parseSize } from '../../src/image/size';
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

test('the longer side follows in proportion; both move to sizes that the levels allow', () => {
  const photo = { height: 1000, width: 1500 };
  const cases = [
    [{ shorter: 256 }, 4, 256, 384, false],
    [{ shorter: 100 }, 4, 104, 152, true], // 100x150
    [{ height: 256, width: 256 }, 8, 256, 256, false],
    [{ shorter: 352 }, 4, 352, 528, false], // 8 * 11 * 4, 8 * 11 * 6
    [{ height: 89, width: 3 }, 4, 88, 8, true],
  ] as const;
  for (const [request, levels, height, width, adjusted] of cases) {
    assert.equal(modelSize(request, photo, levels), { size: { height, width }, adjusted });
  }
});

test.run();

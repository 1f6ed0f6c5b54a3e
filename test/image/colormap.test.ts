import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { colorize, HEAT } from '../../src/image/colormap';
import { assertClose } from '../support/assert-close';

/** CIE L* of sRGB bytes, from the standard's own formulas: another lightness than the one the map is made by. */
function lightness([r, g, b]: Uint8Array): number {
  const linear = [r, g, b].map((byte) => (byte <= 10 ? byte / 3294.6 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
  const y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

test('lightness rises from almost black to almost white, in about equal steps', () => {
  const values = Array.from({ length: 256 }, (_, i) => lightness(HEAT.subarray(3 * i, 3 * i + 3)));
  assert.ok(values[0] < 5 && values[255] > 95, `${values[0]} to ${values[255]}`);
  for (let i = 8; i < 256; i += 8) {
    const step = values[i] - values[i - 8];
    assert.ok(step > 0.5 && step < 6, `${step} at ${i}`);
  }
});

test('every entry has a colour of its own', () => {
  const colors = Array.from({ length: 256 }, (_, i) => HEAT.subarray(3 * i, 3 * i + 3).join());
  assert.is(new Set(colors).size, 256);
});

test('the scale is fixed: values outside take the colour of its ends', () => {
  const first = [...HEAT.subarray(0, 3)];
  const last = [...HEAT.subarray(765)];
  const middle = [...HEAT.subarray(384, 387)];
  assertClose(colorize([-1, 0, 1, 2, 3], 2), [first, first, middle, last, last].flat(), 0, 'colours');
});

test.run();

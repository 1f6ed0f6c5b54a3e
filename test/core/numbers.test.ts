import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shortNumber, ticks } from '../../src/core/numbers';
import { assertClose } from '../support/assert-close';

test('ticks are round, inside the axis and neither too few nor too many', () => {
  for (const [low, high] of [
    [0, 1],
    [0.13, 0.17],
    [-3, 900],
    [1e-7, 2e-7],
    [14.9, 15.1],
  ]) {
    for (const count of [4, 6, 10]) {
      const found = ticks(low, high, count);
      const name = `${low} to ${high}: ${found}`;
      assert.ok(found.length >= count / 3 && found.length <= count + 1, name);
      assert.ok(
        found.every((tick) => tick >= low - 1e-9 * high && tick <= high * (1 + 1e-9)),
        name,
      );
    }
  }
  assertClose(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1], 1e-12, 'ticks');
});

test('numbers are short', () => {
  const texts = [0, 0.5, 0.12345, -1.005, 123.456, 1234.5, 1e6, 1e-5].map(shortNumber);
  assert.equal(texts, ['0', '0.5', '0.123', '-1', '123', '1235', '1.0e+6', '1.0e-5']);
});

test.run();

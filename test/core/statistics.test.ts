import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { extent, median } from '../../src/core/statistics';

test('the median', () => assert.equal([median([3, 1, 2]), median([4, 1, 2, 3]), median([])], [2, 2.5, NaN]));

test('the extent of very many values', () => {
  assert.equal(extent(Array.from({ length: 500_000 }, (_, i) => i - 7)), [-7, 499_992]);
});

test.run();

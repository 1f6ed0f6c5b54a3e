import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PyramidFlowError } from '../../../src/core/errors';
import { colorScale } from '../../../src/node/cli/shared';

test('the colour scale is the one asked for, or ends at twice the threshold', () => {
  assert.equal([colorScale('m', 3, 1), colorScale('m', undefined, 1)], [3, 2]);
  const named = ({ code, details }: PyramidFlowError) => code === 'UsageError' && details?.settings?.[0] === 'scale';
  assert.throws(() => colorScale('m', undefined, undefined), named as never);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  blockConfigs,
  checkConfig,
  couplingLevels,
  nearestSize,
  type PyramidFlowConfig,
  sizeStep,
} from '../../src/pyramidflow/config';

const GOOD: PyramidFlowConfig = { channels: 16, levels: 4, stacks: 4, kernel: 7, norm: 'CVN', height: 256, width: 192 };

const REFUSED: readonly (readonly [change: Record<string, unknown>, error: RegExp])[] = [
  [{ channels: 2 }, /^UsageError: .*channels from 3 to 128, got 2;/],
  [{ channels: 129 }, /^UsageError: .*channels.*129/],
  [{ channels: 16.5 }, /^UsageError: .*channels.*16\.5/],
  [{ levels: 1 }, /^UsageError: .*levels from 2 to 8, got 1;/],
  [{ levels: 9 }, /^UsageError: .*levels.*9/],
  [{ stacks: 0 }, /^UsageError: .*stacks.*0/],
  [{ stacks: NaN }, /^UsageError: .*stacks.*NaN/],
  [{ kernel: 4 }, /^UsageError: .*kernel.*4; use one of 1, 3, 5, 7, 9, 11$/],
  [{ kernel: 13 }, /^UsageError: .*kernel.*13/],
  [{ norm: 'BN' }, /^UsageError: .*BN; use CVN or SVN$/],
  [{ height: 900, width: 900 }, /^ShapeError: .*multiples of 8.*900x900.*904x904/],
  [{ width: 195 }, /^ShapeError: .*resize to 256x192/],
  [{ height: 3, width: 5, levels: 4 }, /^ShapeError: .*resize to 8x8/],
  [{ height: 192, levels: 8, width: 192 }, /^ShapeError: .* multiples of 128.*256x256/],
  [{ height: 0 }, /^ShapeError/],
  [{ height: undefined }, /^ShapeError/],
];

for (const [change, message] of REFUSED) {
  test(`refuses ${JSON.stringify(change)}`, () => {
    const config = { ...GOOD, ...change } as PyramidFlowConfig;
    assert.throws(
      () => checkConfig(config),
      (error: Error) => message.test(`${error.name}: ${error.message}`),
    );
  });
}

test('takes what can be built, to the ends of the ranges', () => {
  const smallest = { channels: 3, levels: 2, stacks: 1, kernel: 1, norm: 'SVN', height: 2, width: 2 } as const;
  const largest = { channels: 128, levels: 8, stacks: 64, kernel: 11, norm: 'CVN', height: 128, width: 1024 } as const;
  for (const config of [GOOD, smallest, largest]) checkConfig(config);
});

test('sizes are multiples of 2^(levels - 1), the nearest one at least one step', () => {
  assert.equal([2, 4, 8].map(sizeStep), [2, 8, 128]);
  assert.equal(
    [1, 60, 64, 68, 900].map((size) => nearestSize(size, 4)),
    [8, 64, 64, 72, 904],
  );
});

/** The released code's order, from the reference implementation (block_plan in pyramidflow_ref.py). */
const PLANS: Readonly<Record<number, string>> = {
  2: 'down0 up0',
  3: 'mid0 up0 down1',
  4: 'mid0 down2 up0 mid1',
  5: 'mid0 mid2 up0 mid1 down3',
  8: 'mid0 mid2 mid4 down6 up0 mid1 mid3 mid5',
};

for (const [levels, plan] of Object.entries(PLANS)) {
  test(`the blocks of ${levels} levels, and what they read and write`, () => {
    const blocks = blockConfigs(Number(levels), 2);
    const names = blocks.map(({ kind, start }) => `${kind}${start}`).join(' ');
    assert.is(names, `${plan} ${plan}`);
    const written = new Set<number>();
    for (const { target, conditions, network } of blocks.map(couplingLevels)) {
      written.add(target);
      assert.not(conditions.includes(target), 'a block may not read what it rewrites');
      assert.ok([target, ...conditions].every((level) => level >= 0 && level < Number(levels)));
      assert.ok(network <= target && [target, ...conditions].includes(network));
    }
    assert.is(written.size, Number(levels), 'every level is rewritten');
  });
}

test.run();

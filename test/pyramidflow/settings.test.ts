import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settingsFor } from '../../src/pyramidflow/settings';

const MVTEC = [
  'bottle',
  'cable',
  'capsule',
  'carpet',
  'grid',
  'hazelnut',
  'leather',
  'metal_nut',
  'pill',
  'screw',
  'tile',
  'toothbrush',
  'transistor',
  'wood',
  'zipper',
];

test('the fifteen categories have the released settings', () => {
  const having = (condition: (settings: ReturnType<typeof settingsFor>) => boolean) =>
    MVTEC.filter((category) => condition(settingsFor(category)));
  assert.equal(
    having((s) => s.norm === 'SVN'),
    ['bottle', 'carpet', 'grid', 'transistor'],
  );
  assert.equal(
    having((s) => s.levels === 8),
    ['carpet', 'metal_nut', 'transistor'],
  );
  assert.equal(
    having((s) => s.levels === 2),
    ['screw'],
  );
  assert.equal(
    having((s) => s.augmentation === 'dihedral'),
    ['carpet', 'grid', 'leather', 'tile', 'wood'],
  );
});

test('an unknown category has the defaults, even one named like a property of objects', () => {
  const defaults = settingsFor('cable');
  for (const category of ['mug', '', 'toString', '__proto__']) assert.equal(settingsFor(category), defaults);
  assert.equal([defaults.epochs, defaults.batch, defaults.size, defaults.levels], [15, 2, 256, 4]);
});

test('a caller may change what it got', () => {
  for (const category of ['bottle', 'mug']) Object.assign(settingsFor(category), { levels: 99 });
  assert.equal([settingsFor('bottle').levels, settingsFor('mug').levels], [4, 4]);
});

test.run();

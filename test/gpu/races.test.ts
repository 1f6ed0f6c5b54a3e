import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reflect } from '../../src/gpu/reflect';
import { kernelNames, kernelText } from '../support/kernels';
import { findRaces, type SmallCall } from '../support/races';

const TILES = {
  ...{ height: 5, width: 7, channels: 2, imageStride: 70, channelStride: 35 },
  ...{ tilesX: 1, tilesPerImage: 1, tiles: 2, step: 10, firstPair: 0, pairs: 1 },
};

/** Every kernel that shares memory among the lanes of a workgroup, and a call of it. */
const CALLS: Readonly<Record<string, SmallCall>> = {
  conv_tile_forward: { constants: {}, uniforms: { ...TILES, origin: -3 }, grid: [1, 1, 1] },
  conv_tile_inverse: {
    constants: { POOL: 2 },
    uniforms: { ...TILES, height: 6, width: 8, scale: 1, slope: 1 },
    grid: [1, 1, 1],
  },
  matmul: { constants: {}, uniforms: { rows: 33, inner: 20, columns: 5, sliceLength: 32 }, grid: [1, 2, 1] },
  mean_over_space: { constants: {}, uniforms: { batch: 2, channels: 2, pixels: 35, count: 70 }, grid: [2, 1, 1] },
  mixing_gradient_upper: { constants: { SIZE: 5 }, uniforms: {}, grid: [1, 1, 1] },
  reduce: { constants: { MODE: 2 }, uniforms: { size: 70 }, grid: [1, 2, 1] },
};
const BARRIER = /workgroupBarrier\(\);/g;

test('every kernel with workgroup memory is examined here', () => {
  const sharing = kernelNames().filter((name) => kernelText(name).includes('var<workgroup>'));
  assert.equal(sharing, Object.keys(CALLS));
});

for (const [name, call] of Object.entries(CALLS)) {
  const kernel = reflect(name, kernelText(name));

  test(`${name}: between barriers no lane touches what another writes`, () => {
    const { races, errors } = findRaces(kernel, call);
    assert.equal(errors, []);
    assert.is(races.length, 0, races[0]);
  });

  for (const [i] of [...kernel.text.matchAll(BARRIER)].entries()) {
    test(`${name}: without its barrier ${i + 1} a race is found`, () => {
      let seen = 0;
      const { races } = findRaces(kernel, call, (text) => text.replace(BARRIER, (barrier) => (seen++ === i ? '' : barrier)));
      assert.ok(races.length > 0);
    });
  }
}

test.run();

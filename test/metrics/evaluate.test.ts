import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluateMaps } from '../../src/metrics/evaluate';
import { assertClose } from '../support/assert-close';
import { fixtureData, readFixture } from '../support/fixture';

test('agrees with scikit-learn and the reference AUPRO on smooth, tied and tiny maps', () => {
  for (const name of ['smooth', 'ties', 'tiny']) {
    const file = readFixture(`metrics/${name}`);
    const maps = fixtureData<Float32Array>(file, 'in.maps');
    const masks = fixtureData<Uint8Array>(file, 'in.masks');
    const [images, height, width] = file.tensors.get('in.maps')!.shape;
    const pixels = height * width;
    const each = <T>(reduce: (image: number) => T) => Array.from({ length: images }, (_, image) => reduce(image));
    const imageScores = Float32Array.from(each((i) => Math.max(...maps.subarray(i * pixels, (i + 1) * pixels))));
    const imageLabels = Uint8Array.from(each((i) => Math.max(...masks.subarray(i * pixels, (i + 1) * pixels))));
    const result = evaluateMaps({ maps, masks, imageScores, imageLabels, height, width });
    const names = {
      imageAuroc: 'image_auroc',
      pixelAuroc: 'pixel_auroc',
      pixelAp: 'pixel_ap',
      aupro30: 'aupro_30',
      aupro5: 'aupro_5',
      aupro100: 'aupro_100',
    } as const;
    for (const [metric, tensor] of Object.entries(names)) {
      const expected = fixtureData<Float32Array>(file, `out.${tensor}`);
      assertClose(result[metric as keyof typeof names]!, expected, 1e-6, `${name} ${metric}`);
    }
    assert.equal(result.reasons, {});
  }
});

const size = { height: 1, width: 2 };

test('undefined metrics are null with their reason', () => {
  const allGood = evaluateMaps({
    ...size,
    maps: Float32Array.of(1, 2, 3, 4),
    masks: new Uint8Array(4),
    imageScores: Float32Array.of(2, 4),
    imageLabels: Uint8Array.of(0, 0),
  });
  assert.equal(allGood, {
    imageAuroc: null,
    pixelAuroc: null,
    pixelAp: null,
    aupro30: null,
    aupro5: null,
    aupro100: null,
    reasons: {
      imageAuroc: 'no image is anomalous',
      pixelAuroc: 'no pixel is anomalous',
      pixelAp: 'no pixel is anomalous',
      aupro30: 'no pixel is anomalous',
      aupro5: 'no pixel is anomalous',
      aupro100: 'no pixel is anomalous',
    },
  });
  const allBad = evaluateMaps({
    ...size,
    maps: Float32Array.of(1, 2),
    masks: Uint8Array.of(1, 1),
    imageScores: Float32Array.of(2),
    imageLabels: Uint8Array.of(1),
  });
  assert.is(allBad.pixelAp, 1);
  assert.is(allBad.reasons.imageAuroc, 'no image is normal');
  assert.is(allBad.reasons.aupro30, 'no pixel is normal');
});

test('an image without a mask counts for the image metric alone', () => {
  const maps = Float32Array.of(0, 9, 5, 1, 3, 2);
  const image = { imageScores: Float32Array.of(9, 5, 3), imageLabels: Uint8Array.of(1, 0, 1) };
  const result = evaluateMaps({ ...size, ...image, maps, masks: [Uint8Array.of(0, 1), Uint8Array.of(0, 0), null] });
  assert.is(result.imageAuroc, 0.5);
  assert.is(result.pixelAuroc, 1);
  const none = evaluateMaps({ ...size, ...image, maps, masks: [null, null, null] });
  assert.is(none.imageAuroc, 0.5);
  assert.is(none.reasons.pixelAp, 'no image has a mask');
});

test('names the first NaN and refuses lengths that do not fit', () => {
  const input = {
    ...size,
    maps: Float32Array.of(1, 2, 3, NaN),
    masks: Uint8Array.of(0, 1, 0, 0),
    imageScores: Float32Array.of(2, 3),
    imageLabels: Uint8Array.of(1, 0),
  };
  assert.throws(() => evaluateMaps(input), /^score 3 of 4 is NaN/);
  const named = (error: Error) => error.name === 'ShapeError';
  const maps = new Float32Array(4);
  assert.throws(() => evaluateMaps({ ...input, maps: new Float32Array(6) }), named);
  assert.throws(() => evaluateMaps({ ...input, maps, masks: new Uint8Array(3) }), named);
  assert.throws(() => evaluateMaps({ ...input, maps, masks: [new Uint8Array(2)] }), named);
  assert.throws(() => evaluateMaps({ ...input, maps, masks: [new Uint8Array(2), new Uint8Array(3)] }), named);
  assert.throws(() => evaluateMaps({ ...input, maps, imageLabels: Uint8Array.of(1) }), named);
});

test.run();

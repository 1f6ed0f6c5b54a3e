import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EvaluationRun } from '../../src/metrics/evaluation-run';
import { assertClose } from '../support/assert-close';
import { fixtureData, readFixture } from '../support/fixture';

const size = { height: 1, width: 2 };

test('agrees with scikit-learn and the reference AUPRO on smooth, tied and tiny maps', async () => {
  for (const name of ['smooth', 'ties', 'tiny']) {
    const file = readFixture(`metrics/${name}`);
    const maps = fixtureData<Float32Array>(file, 'in.maps');
    const masks = fixtureData<Uint8Array>(file, 'in.masks');
    const [images, height, width] = file.tensors.get('in.maps')!.shape;
    const pixels = height * width;
    const evaluation = new EvaluationRun({ height, width });
    for (let at = 0; at < images * pixels; at += pixels) {
      const [map, mask] = [maps.subarray(at, at + pixels), masks.subarray(at, at + pixels)];
      evaluation.add(map, mask, Math.max(...map), mask.some((pixel) => pixel !== 0) ? 1 : 0);
    }
    const result = await evaluation.result();
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

test('undefined metrics are null with their reason', async () => {
  const allGood = new EvaluationRun(size);
  allGood.add(Float32Array.of(1, 2), new Uint8Array(2), 2, 0);
  allGood.add(Float32Array.of(3, 4), new Uint8Array(2), 4, 0);
  assert.equal(await allGood.result(), {
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
  const allBad = new EvaluationRun(size);
  allBad.add(Float32Array.of(1, 2), Uint8Array.of(1, 1), 2, 1);
  const { pixelAp, reasons } = await allBad.result();
  assert.is(pixelAp, 1);
  assert.is(reasons.imageAuroc, 'no image is normal');
  assert.is(reasons.aupro30, 'no pixel is normal');
  const { reasons: none } = await new EvaluationRun(size).result();
  assert.equal([none.imageAuroc, none.pixelAp], ['there is no image', 'no image has a mask']);
});

test('an image without a mask counts for the image metric alone', async () => {
  const scored: readonly [map: Float32Array, score: number, label: 0 | 1][] = [
    [Float32Array.of(0, 9), 9, 1],
    [Float32Array.of(5, 1), 5, 0],
    [Float32Array.of(3, 2), 3, 1],
  ];
  const measure = (masks: readonly (Uint8Array | null)[]) => {
    const evaluation = new EvaluationRun(size);
    scored.forEach(([map, score, label], i) => evaluation.add(map, masks[i], score, label));
    return evaluation.result();
  };
  const { imageAuroc, pixelAuroc } = await measure([Uint8Array.of(0, 1), Uint8Array.of(0, 0), null]);
  assert.equal([imageAuroc, pixelAuroc], [0.5, 1]);
  const none = await measure([null, null, null]);
  assert.is(none.imageAuroc, 0.5);
  assert.is(none.reasons.pixelAp, 'no image has a mask');
});

test('an image with a NaN or of another size is refused and adds nothing', async () => {
  const evaluation = new EvaluationRun(size);
  evaluation.add(Float32Array.of(1, 2), Uint8Array.of(0, 1), 2, 1);
  evaluation.add(Float32Array.of(3, 0), Uint8Array.of(0, 0), 3, 0);
  const before = await evaluation.result();
  const mask = Uint8Array.of(0, 1);
  assert.throws(() => evaluation.add(Float32Array.of(1, NaN), mask, 2, 1), /^score 1 of 2 is NaN/);
  const isShapeError = (error: Error) => error.name === 'ShapeError';
  assert.throws(() => evaluation.add(new Float32Array(3), mask, 0, 0), isShapeError);
  assert.throws(() => evaluation.add(new Float32Array(2), new Uint8Array(3), 0, 0), isShapeError);
  assert.equal(await evaluation.result(), before);
});

test('the progress ends with the last pixel, and images may be added afterwards', async () => {
  const evaluation = new EvaluationRun(size);
  evaluation.add(Float32Array.of(1, 2), Uint8Array.of(0, 1), 2, 1);
  const progress: [number, number][] = [];
  await evaluation.result({ onProgress: (done, of) => void progress.push([done, of]) });
  assert.equal(progress.at(-1), [2, 2]);
  evaluation.add(Float32Array.of(4, 0), Uint8Array.of(0, 0), 4, 0);
  const { imageAuroc, pixelAuroc } = await evaluation.result();
  assert.equal([imageAuroc, pixelAuroc], [0, 2 / 3]);
});

test('a signal stops it between its calls of onProgress', async () => {
  const evaluation = new EvaluationRun(size);
  evaluation.add(Float32Array.of(1, 2), Uint8Array.of(0, 1), 2, 1);
  evaluation.add(Float32Array.of(9, 8), Uint8Array.of(0, 0), 9, 0);
  const [stop, done] = [new AbortController(), [] as number[]];
  const onProgress = async (seen: number) => {
    done.push(seen);
    stop.abort();
  };
  const { pixelAuroc, imageAuroc, reasons } = await evaluation.result({ signal: stop.signal, onProgress });
  assert.equal([pixelAuroc, imageAuroc, done.length], [null, null, 1]);
  assert.match(reasons.aupro30!, /stopped/);
});

test.run();

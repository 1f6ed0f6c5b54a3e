import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { networkInput } from '../../src/image/model-input';
import { resizeBytes } from '../../src/image/resample';
import { anomalyMap, imageScores } from '../../src/inspection/anomaly-map';
import { Detector } from '../../src/inspection/detector';
import { IMAGENET, type Normalization } from '../../src/ops/preprocess';
import { latentShape } from '../../src/pyramidflow/config';
import { elements, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { assertRejects } from '../support/assert-rejects';
import { gpu, randomTensor, randomValues } from '../support/gpu';
import { compose, type Planes } from '../support/pyramid-reference';
import { randomByteImage, SMALL, smallModel, trainedTensors } from '../support/small-model';

const LEVELS = [0, 1, 2, 3];
const template = LEVELS.map((level) => randomValues(elements(latentShape(SMALL, level))));
const checkpoint = { config: SMALL, category: 'tile', normalization: IMAGENET, tensors: trainedTensors(), template };
const random = new Random(8);
const PRECISION = { absolute: 1e-5, relative: 1e-5 };

/** The map of one image by its formula, in float64: |latent - template|, composed, then the mean over the channels. */
function mapTruth(latent: readonly ArrayLike<number>[], mean: readonly ArrayLike<number>[]): Float64Array {
  const differences = latent.map((values, level): Planes => {
    const [, , height, width] = latentShape(SMALL, level);
    return { data: Float64Array.from(values, (value, i) => Math.abs(value - mean[level][i])), height, width };
  });
  const { data, height, width } = compose(differences);
  const map = new Float64Array(height * width);
  data.forEach((value, i) => (map[i % map.length] += value / SMALL.channels));
  return map;
}

test('anomaly maps and scores are those of the formula, image by image', async () => {
  const batch = 3;
  const latent = LEVELS.map((level) => randomTensor([batch, ...latentShape(SMALL, level).slice(1)], `latent ${level}`));
  const values = await Promise.all(latent.map((level) => level.read()));
  const map = anomalyMap(
    latent,
    template.map((data, level) => Tensor.from(gpu, latentShape(SMALL, level), data)),
  );
  const { height, width } = SMALL;
  assert.equal(map.shape, [batch, 1, height, width]);
  const scores = await imageScores(map).read();
  const maps = await map.read();
  for (let n = 0; n < batch; n++) {
    const own = values.map((data) => data.subarray((n * data.length) / batch, ((n + 1) * data.length) / batch));
    const actual = maps.subarray(n * height * width, (n + 1) * height * width);
    assertClose(actual, mapTruth(own, template), PRECISION, `map ${n}`);
    assert.is(scores[n], Math.max(...actual), `score ${n}`);
  }
});

test('an image of any size gets the map of its resized bytes, a score and a verdict', async () => {
  const image = randomByteImage(random, { height: 37, width: 29 });
  const { height, width } = SMALL;
  const resized = { data: resizeBytes(image.data, 37, 29, height, width), height, width, channels: 3 };
  const model = smallModel();
  const latent = await Promise.all(model.forward(networkInput(gpu, [resized])).map((level) => level.read()));
  const expected = mapTruth(latent, template);
  const detector = Detector.fromCheckpoint(gpu, checkpoint);
  const { map, score, verdict } = await detector.detect(image);
  assertClose(map, expected, PRECISION, 'map');
  assert.is(score, Math.max(...map));
  assert.is(verdict, undefined, 'without a threshold there is no verdict');
  for (const [threshold, expectedVerdict] of [
    [score, 'good'],
    [score * 0.999, 'defective'],
  ] as const) {
    const judge = Detector.fromCheckpoint(gpu, { ...checkpoint, threshold });
    assert.is((await judge.detect(image)).verdict, expectedVerdict);
    judge.dispose();
  }
  const own = Detector.fromModel(
    model,
    template.map((data, level) => Tensor.from(gpu, latentShape(SMALL, level), data)),
    'tile',
  );
  assertClose((await own.detect(image)).map, map, 0, 'from a model');
});

test('the normalization of the checkpoint is used', async () => {
  const image = randomByteImage(random);
  const [usual, other] = ([IMAGENET, { mean: [0, 0, 0], std: [1, 1, 1] }] satisfies Normalization[]).map((normalization) =>
    Detector.fromCheckpoint(gpu, { ...checkpoint, normalization }),
  );
  assert.is.not((await usual.detect(image)).score, (await other.detect(image)).score);
});

test('detecting leaves no memory behind, and dispose() frees everything', async () => {
  const image = randomByteImage(random, { height: 50, width: 60 });
  const start = gpu.memory.use().live;
  const detector = Detector.fromCheckpoint(gpu, checkpoint);
  const before = gpu.memory.use().live;
  const first = await detector.detect(image);
  assert.is(gpu.memory.use().live, before);
  assertClose((await detector.detect(image)).map, first.map, 0, 'the same image again');
  detector.dispose();
  assert.is(gpu.memory.use().live, start);
});

test('a map that is not finite has no verdict', async () => {
  const tensors = trainedTensors();
  for (const [name, { data }] of tensors) if (name.endsWith('conv2')) data.fill(1e6);
  const detector = Detector.fromCheckpoint(gpu, { ...checkpoint, tensors, threshold: 1 });
  await assertRejects(() => detector.detect(randomByteImage(random)), 'NumericError', /NaN|Infinity/);
  const sound = Detector.fromCheckpoint(gpu, { ...checkpoint, threshold: 1 });
  for (const bad of [NaN, Infinity, -Infinity]) {
    await assertRejects(() => sound.verdict(bad), 'NumericError', /score/);
    await assertRejects(() => sound.verdict(0, Float32Array.of(0, bad)), 'NumericError', /pixel 1/);
  }
  assert.equal([sound.verdict(1), sound.verdict(1.01), sound.verdict(-1)], ['good', 'defective', 'good']);
});

test('a threshold that is not a finite number above 0 is refused wherever it is set', async () => {
  const detector = Detector.fromCheckpoint(gpu, { ...checkpoint, threshold: 2 });
  for (const value of [NaN, Infinity, 0, -1, '0.5', null, {}, [1]] as number[]) {
    await assertRejects(() => (detector.threshold = value), 'UsageError', /threshold/);
    await assertRejects(() => detector.setTemplate(template, value), 'UsageError', /threshold/);
    await assertRejects(() => Detector.fromCheckpoint(gpu, { ...checkpoint, threshold: value }), 'UsageError', /threshold/);
  }
  assert.is(detector.threshold, 2);
  detector.threshold = undefined;
  assert.is(detector.verdict(1), undefined);
});

test('a checkpoint without a template is refused with the remedy', () => {
  const unfinished = { ...checkpoint, template: undefined };
  assert.throws(
    () => Detector.fromCheckpoint(gpu, unfinished),
    (error: Error) => error.name === 'CheckpointError' && /has no template/.test(error.message),
  );
});

test.run();

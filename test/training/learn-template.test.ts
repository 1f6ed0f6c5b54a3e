import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { networkInput } from '../../src/image/model-input';
import { Detector } from '../../src/inspection/detector';
import { thresholdFromGood } from '../../src/inspection/threshold';
import { learnTemplate } from '../../src/training/learn-template';
import { assertClose } from '../support/assert-close';
import { gpu } from '../support/gpu';
import { checkpointOf, tinyModel, trainingImages } from '../support/training';

const IMAGES = trainingImages(4);

test('the template is the mean latent, and the threshold comes from the scores against it', async () => {
  const model = tinyModel();
  const before = gpu.memory.use().live;
  const progress: string[] = [];
  const learnt = (await learnTemplate(model, IMAGES, { onImage: (done, of) => progress.push(`${done}/${of}`) }))!;
  assert.is(gpu.memory.use().live, before);
  assert.equal(progress, ['1/8', '2/8', '3/8', '4/8', '5/8', '6/8', '7/8', '8/8']);

  const indices = Array.from({ length: IMAGES.count }, (_, i) => i);
  const latents = await Promise.all(
    indices.map((i) => Promise.all(model.forward(networkInput(gpu, [IMAGES.image(i)])).map((level) => level.read()))),
  );
  for (const [level, values] of learnt.template.entries()) {
    const mean = values.map((_, at) => latents.reduce((sum, latent) => sum + latent[level][at] / IMAGES.count, 0));
    assertClose(values, mean, 1e-6, `level ${level}`);
  }
  const detector = Detector.fromCheckpoint(gpu, { ...(await checkpointOf(model)), ...learnt });
  const scores = [];
  for (const i of indices) scores.push((await detector.detect(IMAGES.image(i))).score);
  assertClose(learnt.threshold, thresholdFromGood(Float32Array.from(scores)).threshold, 1e-5, 'threshold');
});

test('a signal stops it', async () => {
  const model = tinyModel();
  const before = gpu.memory.use().live;
  assert.is(await learnTemplate(model, IMAGES, { signal: AbortSignal.abort() }), undefined);
  for (const when of [2, 6]) {
    const controller = new AbortController();
    const onImage = (done: number) => done === when && controller.abort();
    assert.is(await learnTemplate(model, IMAGES, { signal: controller.signal, onImage }), undefined, `after ${when}`);
  }
  assert.is(gpu.memory.use().live, before);
});

test('a model whose scores are not finite is refused', async () => {
  const model = tinyModel();
  const parameter = model.parameters.get('blocks.0.conv2');
  parameter.write(new Float32Array(parameter.size).fill(NaN));
  const error = await learnTemplate(model, IMAGES).catch((cause: Error) => cause);
  assert.is((error as Error).name, 'NumericError');
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createPyramidFlow } from '../../src/pyramidflow/initialize';
import { invert, TrainablePyramidFlow, trainableChain } from '../../src/pyramidflow/trainable';
import type { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';
import { randomImages, SMALL, smallModel, trainedTensors } from '../support/small-model';

const images = randomImages(2);
/** The latent as training computes it. */
function trainedForward(model: TrainablePyramidFlow, input: Tensor, training: boolean): Tensor[] {
  const levels = model.embed(input);
  trainableChain(model).forward(levels, { training });
  return levels;
}

const isError = (code: string, message: RegExp) => (error: Error) => error.name === code && message.test(error.message);

for (const norm of ['SVN', 'CVN'] as const) {
  for (const training of [true, false]) {
    test(`${norm}, ${training ? 'training' : 'evaluation'}: 16 blocks are undone within 1e-5`, async () => {
      const model = smallModel({ norm });
      const latent = trainedForward(model, images, training);
      assert.equal(
        latent.map(({ shape }) => shape),
        [0, 1, 2, 3].map((i) => [2, 4, 16 >> i, 24 >> i]),
      );
      const before = await Promise.all(latent.map((level) => level.read()));
      const back = await invert(model, latent, { training }).read();
      assertClose(back, await images.read(), 1e-5, 'images');
      for (const [i, level] of latent.entries()) assertClose(await level.read(), before[i], 0, `latent ${i} after`);
    });
  }
}

test('evaluation treats every image by itself, and training the batch as one', async () => {
  const [first, other] = [randomImages(1), randomImages(1)];
  const size = first.size;
  const both = randomImages(2);
  both.write(Float32Array.from([...(await first.read()), ...(await other.read())]));
  const model = smallModel({ norm: 'CVN' });
  const finest = async (input: Tensor, training: boolean) => trainedForward(model, input, training)[0].read();
  const level = (4 * size) / 3; // of one image: 4 channels where it had 3
  assertClose((await finest(both, false)).subarray(0, level), await finest(first, false), 1e-5, 'evaluation');
  const [together, alone] = [await finest(both, true), await finest(first, true)];
  assert.ok(alone.some((value, i) => Math.abs(value - together[i]) > 1e-3));
});

test('a new model decomposes and rotates, and no more: the latent is as long as the pyramid', async () => {
  const model = createPyramidFlow(gpu, SMALL, 3);
  const square = async (level: Tensor) => (await level.read()).reduce((sum, v) => sum + v * v, 0);
  const [pyramid, latent] = [model.embed(images), trainedForward(model, images, true)];
  for (const [i, level] of latent.entries()) {
    const expected = await square(pyramid[i]);
    assertClose(await square(level), expected, 1e-4 * expected, `level ${i}`);
  }
});

test('the tensors that go in come out, and a seed gives one model', async () => {
  const tensors = trainedTensors();
  const model = TrainablePyramidFlow.fromTensors(gpu, SMALL, tensors);
  const back = await model.tensors();
  assert.equal([...back.keys()], [...tensors.keys()]);
  for (const [name, { shape, data }] of tensors) {
    assert.equal(back.get(name)!.shape, shape, name);
    assertClose(back.get(name)!.data, data, 0, name);
  }
  const [a, b, c] = await Promise.all(
    [3, 3, 4].map((seed) => createPyramidFlow(gpu, SMALL, seed).parameters.segments[0]!.values.read()),
  );
  assertClose(a, b, 0, 'one seed');
  assert.ok(a.some((value, i) => value !== c[i]));
});

test('what does not fit is refused by name', () => {
  assert.throws(() => createPyramidFlow(gpu, { ...SMALL, width: 20 }), isError('ShapeError', /multiples of 8.*16x20/));
  const missing = trainedTensors();
  missing.delete('blocks.3.upper');
  assert.throws(
    () => TrainablePyramidFlow.fromTensors(gpu, SMALL, missing),
    isError('CheckpointError', /tensor blocks\.3\.upper is missing/),
  );
  const wrong = trainedTensors({ ...SMALL, kernel: 5 });
  assert.throws(
    () => TrainablePyramidFlow.fromTensors(gpu, SMALL, wrong),
    isError('CheckpointError', /blocks\.0\.conv1 as \[8, 8, 3, 3\].*got \[8, 8, 5, 5\]/),
  );
  const model = smallModel();
  for (const shape of [
    [1, 3, 16, 16],
    [1, 4, 16, 24],
    [2, 3, 24, 16],
  ]) {
    assert.throws(() => model.forward(randomTensor(shape)), isError('ShapeError', /expected images of \[N, 3, 16, 24\]/));
  }
});

test('its memory is given back, also after passes', () => {
  const before = gpu.memory.use().live;
  const model = smallModel();
  const latent = model.forward(images);
  invert(model, latent).free();
  for (const level of latent) level.free();
  model.free();
  assert.is(gpu.memory.use().live, before);
});

test.run();

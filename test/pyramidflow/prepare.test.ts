import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blockConfigs } from '../../src/pyramidflow/config';
import { type TrainablePyramidFlow, trainableChain } from '../../src/pyramidflow/trainable';
import type { Tensor } from '../../src/tensor/tensor';
import { Trainer } from '../../src/training/step';
import { assertRejects } from '../support/assert-rejects';
import { gpu } from '../support/gpu';
import { randomImages, smallModel } from '../support/small-model';

/** Tiles at the levels of 48 x 32 and 24 x 16, the direct kernel at the others. */
const SIZE = { height: 48, width: 32, kernel: 5 };

const valuesOf = (latent: readonly Tensor[]) => Promise.all(latent.map((level) => level.read()));
const freed = (latent: readonly Tensor[]) => latent.forEach((tensor) => tensor.free());

/** Labels of the tensors that a forward pass makes, and the number of its dispatches. */
function traced(model: TrainablePyramidFlow, images: Tensor): { labels: string[]; dispatches: number } {
  const labels: string[] = [];
  const { memory } = gpu;
  const acquire = memory.acquire.bind(memory);
  const before = gpu.counts().dispatches;
  memory.acquire = (bytes, label) => {
    labels.push(label);
    return acquire(bytes, label);
  };
  freed(model.forward(images));
  memory.acquire = acquire;
  return { labels, dispatches: gpu.counts().dispatches - before };
}

const forWeights = (labels: readonly string[]) => labels.filter((label) => /weight/.test(label));

test('a prepared model computes nothing from its weights alone, and the same bits', async () => {
  const model = smallModel(SIZE);
  const images = randomImages(1, model.config);
  const expected = await valuesOf(model.forward(images));
  const plain = traced(model, images);
  model.prepare();
  const prepared = traced(model, images);
  const blocks = blockConfigs(model.config.levels, model.config.stacks).length;
  assert.is(forWeights(plain.labels).length, 1 + 4 * blocks, 'of the stem; of two convolutions, the mixing and its matrix');
  assert.equal(forWeights(prepared.labels), []);
  assert.is(plain.dispatches - prepared.dispatches, 1 + 4 * blocks);
  assert.equal(await valuesOf(model.forward(images)), expected);
});

test('a batch that takes other tiles gives the same bits', async () => {
  const images = randomImages(5, SIZE);
  const model = smallModel(SIZE);
  const expected = await valuesOf(model.forward(images));
  model.prepare();
  assert.equal(await valuesOf(model.forward(images)), expected);
});

test('inference computes what the trainable chain computes with running means, to the bit', async () => {
  const model = smallModel(SIZE);
  const images = randomImages(2, SIZE);
  const levels = model.embed(images);
  trainableChain(model).forward(levels, { training: false });
  assert.equal(await valuesOf(model.forward(images)), await valuesOf(levels));
});

test('what was prepared is kept once, and given back with the model', () => {
  const start = gpu.memory.use().live;
  const model = smallModel(SIZE);
  const before = gpu.memory.use().live;
  model.prepare();
  const kept = gpu.memory.use().live;
  assert.ok(kept > before);
  model.prepare();
  assert.is(gpu.memory.use().live, kept);
  model.free();
  assert.is(gpu.memory.use().live, start);
});

test('of a model too large for the memory only the first blocks are prepared, with the same bits', async () => {
  const model = smallModel(SIZE);
  const images = randomImages(1, SIZE);
  const expected = await valuesOf(model.forward(images));
  const plain = traced(model, images).dispatches;
  model.prepare(1);
  assert.is(traced(model, images).dispatches, plain - 1, 'the stem');
  assert.equal(await valuesOf(model.forward(images)), expected);
});

test('a prepared model cannot be trained', async () => {
  const model = smallModel();
  model.prepare();
  await assertRejects(() => new Trainer(model), 'UsageError', /prepared/);
});

for (const [size, bytes] of [
  [128, 38],
  [256, 50],
]) {
  test(`the released settings at ${size} x ${size}: fewer dispatches and ${bytes} MiB`, () => {
    const model = smallModel({ channels: 16, levels: 4, stacks: 4, kernel: 7, height: size, width: size });
    const images = randomImages(1, model.config);
    const plain = traced(model, images);
    const before = gpu.memory.use().live;
    model.prepare();
    const kept = (gpu.memory.use().live - before) / 2 ** 20;
    const prepared = traced(model, images);
    console.log(`note: ${plain.dispatches} dispatches unprepared, ${prepared.dispatches} prepared, ${kept.toFixed(1)} MiB`);
    assert.is(plain.dispatches - prepared.dispatches, 1 + 4 * 16);
    assert.ok(Math.abs(kept - bytes) < 1, `${kept} MiB`);
    images.free();
    model.free();
    gpu.trim(0);
  });
}

test.run();

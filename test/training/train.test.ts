import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint, ManifestEntry } from '../../src/checkpoint/checkpoint';
import { Random } from '../../src/core/random';
import { networkInput } from '../../src/image/model-input';
import { IMAGENET } from '../../src/ops/preprocess';
import { TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import { learnTemplate } from '../../src/training/learn-template';
import { newPlan } from '../../src/training/plan';
import { Trainer } from '../../src/training/step';
import { type TrainOptions, trainModel } from '../../src/training/train';
import { assertClose } from '../support/assert-close';
import { gpu } from '../support/gpu';
import { TINY, trainingImages } from '../support/training';

const IMAGES = trainingImages(4);
const { channels, levels, stacks, kernel, norm, ...size } = TINY;
const OPTIONS = { channels, levels, stacks, kernel, norm, size, batch: 2, augmentation: 'none', seed: 4 } as const;
const data = { category: 'tiny', first: size, images: IMAGES.count };
const planFor = (epochs: number) => newPlan({ ...OPTIONS, epochs }, data, () => undefined);
const OTHER = { mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 1] } as const;

async function train(epochs: number, options: TrainOptions = {}) {
  const [losses, reached]: [number[], Checkpoint[]] = [[], []];
  const result = await trainModel(gpu, planFor(epochs), IMAGES, {
    onStep: ({ loss }) => losses.push(loss),
    onEpoch: (checkpoint) => void reached.push(checkpoint),
    ...options,
  });
  return { losses, reached, result: result! };
}

const begun = await train(1);
const resumed: Checkpoint = { ...begun.reached[0], normalization: OTHER };
const other = await train(2, { resumed });

/** The loss of the first step of a training that goes on, computed apart from it. */
async function nextLoss({ config, tensors, training }: Checkpoint, normalization: typeof IMAGENET): Promise<number> {
  const model = TrainablePyramidFlow.fromTensors(gpu, config, tensors);
  const [first, second] = Random.fromState(training!.random).shuffle([0, 1, 2, 3]);
  const input = networkInput(gpu, [IMAGES.image(first), IMAGES.image(second)], normalization);
  const { loss } = await new Trainer(model).step(input);
  return loss;
}

test('a new training takes the normalization of ImageNet', () => {
  assert.equal([begun.reached[0].normalization, begun.result.normalization], [IMAGENET, IMAGENET]);
});

test('a resumed training keeps the normalization of its checkpoint, for the network and in its files', async () => {
  assert.equal([other.reached[0].normalization, other.result.normalization], [OTHER, OTHER]);
  assert.is(other.losses[0], await nextLoss(resumed, OTHER));
  assert.is.not(other.losses[0], await nextLoss(resumed, IMAGENET));
});

test('template and threshold use the same normalization', async () => {
  const { config, tensors, template, threshold } = other.result;
  const model = TrainablePyramidFlow.fromTensors(gpu, config, tensors);
  const learnt = (await learnTemplate(model, IMAGES, { normalization: OTHER }))!;
  assert.is(threshold, learnt.threshold);
  template!.forEach((level, i) => assertClose(level, learnt.template[i], 0, `level ${i}`));
});

test('every checkpoint lists the current images, not the former ones', async () => {
  const manifest: ManifestEntry[] = [{ name: 'a.png', bytes: 1, sha256: 'a'.repeat(64) }];
  const { reached, result } = await train(2, { manifest, resumed: { ...resumed, manifest: [] } });
  assert.equal([reached[0].manifest, result.manifest], [manifest, manifest]);
});

test('a warning reaches the caller', async () => {
  const warnings: string[] = [];
  const plan = { ...planFor(2), settings: { ...planFor(2).settings, learningRate: 1 } };
  await trainModel(gpu, plan, IMAGES, { onWarning: (text) => warnings.push(text) });
  assert.match(warnings.join('|'), /^[^|]*diverges[^|]*$/);
});

test.run();

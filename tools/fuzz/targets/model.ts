import assert from 'node:assert/strict';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { decodeCheckpoint } from '../../../src/checkpoint/decode';
import { encodeCheckpoint } from '../../../src/checkpoint/encode';
import { Random } from '../../../src/core/random';
import type { Runtime } from '../../../src/gpu/runtime';
import { Detector } from '../../../src/inspection/detector';
import { checkConfig, latentShape } from '../../../src/pyramidflow/config';
import { elements } from '../../../src/tensor/tensor';
import { randomByteImage } from '../../../test/support/small-weights';
import { chance, pick } from '../mutate';
import { target } from '../target';
import { mutateModel } from './model-mutate';
import { modelSeeds } from './model-seeds';

const LARGEST = 2 ** 14; // of a side
const IMAGE = randomByteImage(new Random(5), { height: 9, width: 10 });

/** A model that loads has everything that a verdict rests on: see also `judges`. */
async function check(found: Checkpoint, _: Uint8Array, { deep }: { deep: boolean }): Promise<void> {
  const { config, category, normalization, tensors, template, threshold } = found;
  checkConfig(config);
  for (const side of [config.height, config.width]) assert.ok(side <= LARGEST, `a side of ${side}`);
  assert.equal(typeof category, 'string', 'the category is no text');
  assert.ok(threshold === undefined || (Number.isFinite(threshold) && threshold > 0), `the threshold is ${show(threshold)}`);
  for (const numbers of [normalization?.mean, normalization?.std]) {
    assert.ok(
      Array.isArray(numbers) && numbers.length === 3 && numbers.every(Number.isFinite),
      `normalization ${show(numbers)}`,
    );
  }
  assert.ok(
    normalization.std.every((value) => value > 0),
    `std ${show(normalization.std)}`,
  );
  const latents = template?.map((data, i) => ({ shape: latentShape(config, i), data })) ?? [];
  assert.equal(latents.length, template ? config.levels : 0, 'levels of the template');
  for (const { shape, data } of [...tensors.values(), ...latents]) {
    assert.equal(data.length, elements(shape), 'the values do not fill a tensor');
    assert.ok(data.every(Number.isFinite), 'a tensor is not finite');
  }
  checkTraining(found);
  if (!deep) return;
  const again = await encodeCheckpoint(found);
  const back = await decodeCheckpoint(again);
  assert.ok(
    Buffer.compare(await encodeCheckpoint(back), again) === 0,
    'it does not stay the same when it is written and read',
  );
  if (template) await judges(found);
}

function checkTraining({ training, manifest }: Checkpoint): void {
  for (const entry of manifest ?? []) {
    assert.ok(
      typeof entry.name === 'string' && Number.isSafeInteger(entry.bytes) && entry.bytes >= 0,
      `manifest ${show(entry)}`,
    );
    assert.match(entry.sha256, /^[0-9a-f]{64}$/, 'manifest');
  }
  if (!training) return;
  const { settings, log, random, optimizer } = training;
  const { steps, first, second } = optimizer;
  assert.ok(typeof settings === 'object' && settings !== null && !Array.isArray(settings), `settings ${show(settings)}`);
  assert.ok(Number.isSafeInteger(steps) && steps >= 0, `optimizer steps ${show(steps)}`);
  assert.ok(Array.isArray(log), `log ${show(log)}`);
  for (const entry of log) {
    const { epoch, loss, gradientNorm, reconstructionError } = entry ?? {};
    assert.ok([epoch, loss, gradientNorm, reconstructionError].every(Number.isFinite), `log ${show(entry)}`);
  }
  assert.ok(Array.isArray(random), `random state ${show(random)}`);
  Random.fromState(random);
  for (const data of first.values()) assert.ok(data.every(Number.isFinite), 'a first moment is not finite');
  for (const data of second.values()) {
    assert.ok(
      data.every((value) => value >= 0 && value < Infinity),
      'a second moment is negative or not finite',
    );
  }
}

let gpu: Promise<Runtime> | undefined;
const runtime = () => (gpu ??= import('../../../src/node/dawn').then(({ openRuntime }) => openRuntime()));

/** An image gets a finite score and the verdict that follows from it, or the error that says why it cannot. */
async function judges(checkpoint: Checkpoint): Promise<void> {
  const { threshold } = checkpoint;
  const detector = Detector.fromCheckpoint(await runtime(), checkpoint);
  try {
    const { score, map, verdict } = await detector.detect(IMAGE);
    assert.ok(Number.isFinite(score) && map.every(Number.isFinite), `a score of ${score}`);
    assert.equal(verdict, threshold === undefined ? undefined : score <= threshold ? 'good' : 'defective', 'the verdict');
  } catch (error) {
    if ((error as Error).name !== 'NumericError') throw error;
  } finally {
    detector.dispose();
  }
}

const show = (value: unknown): string => String(JSON.stringify(value)).slice(0, 60);

export const model = target({
  name: 'model',
  refusals: ['CheckpointError'],
  generate: async (random) => {
    const seeds = await modelSeeds();
    const seed = pick(random, seeds);
    return chance(random, 30) ? seed : mutateModel(seed, random, seeds);
  },
  read: (bytes) => decodeCheckpoint(bytes),
  check,
});

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint } from '../../src/model/checkpoint';
import { type TrainingChoices, newPlan, resumedPlan } from '../../src/train/plan';
import { assertRejects } from '../support/assert-rejects';

const DATA = { category: 'bottle', first: { height: 900, width: 900 }, images: 209 };
const silent = () => undefined;

test('what is left out is as released for the category', () => {
  const { config, settings } = newPlan({}, DATA, silent);
  assert.equal(config, { channels: 16, levels: 4, stacks: 4, kernel: 7, norm: 'SVN', height: 256, width: 256 });
  assert.equal([settings.epochs, settings.batch, settings.seed, settings.memory], [15, 2, 0, 'reversible']);
  assert.equal([settings.learningRate, settings.betas, settings.images], [2e-4, [0.5, 0.9], 209]);
  assert.is(newPlan({}, { ...DATA, category: 'carpet' }, silent).settings.augmentation, 'dihedral');
});

test('what is chosen is taken, undefined is no choice', () => {
  const choices: TrainingChoices = {
    levels: 3,
    norm: undefined,
    epochs: 2,
    lr: 0.1,
    seed: 7,
    memory: 'plain',
    size: { shorter: 64 },
  };
  const { config, settings } = newPlan(choices, DATA, silent);
  assert.equal([config.levels, config.norm, config.height], [3, 'SVN', 64]);
  assert.equal([settings.epochs, settings.learningRate, settings.seed, settings.memory], [2, 0.1, 7, 'plain']);
});

test('a size that had to move is said', () => {
  const notices: string[] = [];
  const { config } = newPlan({ size: { height: 100, width: 50 } }, DATA, (text) => notices.push(text));
  assert.equal([config.height, config.width], [96, 48]);
  assert.match(notices.join(), /resized to 96x48/);
});

const plan = newPlan({ seed: 3, epochs: 4 }, DATA, silent);
const checkpoint = {
  ...plan,
  training: { settings: plan.settings, log: [1, 2].map((epoch) => ({ epoch })) },
} as unknown as Checkpoint;
const resume = (choices: TrainingChoices, data = DATA) => resumedPlan('m.safetensors', checkpoint, choices, data);

test('a resumed plan is the stored one, and its epochs may be raised', () => {
  assert.equal(resume({}), plan);
  assert.equal(resume({ seed: 3, size: { shorter: 256 }, norm: 'SVN' }), plan);
  assert.equal(resume({ epochs: 9 }), { ...plan, settings: { ...plan.settings, epochs: 9 } });
});

const CONTRADICTIONS: readonly (readonly [choices: TrainingChoices, message: RegExp])[] = [
  [{ levels: 3 }, /--levels 3 contradicts m\.safetensors, which has 4/],
  [{ norm: 'CVN' }, /--norm CVN contradicts/],
  [{ seed: 0 }, /--seed 0 contradicts/],
  [{ lr: 1 }, /--lr 1 contradicts m\.safetensors, which has 0\.0002/],
  [{ size: { shorter: 128 } }, /--size 128x128 contradicts m\.safetensors, which has 256x256/],
  [{ memory: 'plain' }, /--memory plain contradicts/],
  [{ epochs: 1 }, /--epochs 1 is less than the 2 epochs/],
];

for (const [choices, message] of CONTRADICTIONS) {
  test(`${JSON.stringify(choices)} cannot be resumed with`, () =>
    assertRejects(() => resume(choices), 'UsageError', message));
}

test('nor can another category, other pictures or a model without training state', async () => {
  await assertRejects(() => resume({}, { ...DATA, category: 'cap' }), 'UsageError', /--category cap contradicts/);
  await assertRejects(() => resume({}, { ...DATA, images: 10 }), 'DataError', /has 10 training pictures, .* on 209/);
  await assertRejects(
    () => resumedPlan('m', { ...checkpoint, training: undefined }, {}, DATA),
    'CheckpointError',
    /no training state/,
  );
});

test.run();

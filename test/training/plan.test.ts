import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint, ManifestEntry } from '../../src/checkpoint/checkpoint';
import { PyramidFlowError } from '../../src/core/errors';
import { newPlan, type ResumeOptions, resumedPlan, type TrainingOptions } from '../../src/training/plan';
import { assertRejects } from '../support/assert-rejects';

const images = (...names: string[]): ManifestEntry[] =>
  names.map((name) => ({ name: `good/${name}.png`, bytes: 7, sha256: 'a'.repeat(64) }));
const MANIFEST = images('0', '1', '2', '3');
const DATA = { category: 'bottle', first: { height: 900, width: 900 }, images: 4, manifest: MANIFEST };
const silent = () => undefined;

test('settings left out are those released for the category', () => {
  const { config, settings, images: count } = newPlan({}, DATA, silent);
  assert.equal(config, { channels: 16, levels: 4, stacks: 4, kernel: 7, norm: 'SVN', height: 256, width: 256 });
  assert.equal([settings.epochs, settings.batch, settings.seed, settings.memory], [15, 2, 0, 'reversible']);
  assert.equal([settings.learningRate, settings.betas, count], [2e-4, [0.5, 0.9], 4]);
  assert.is(newPlan({}, { ...DATA, category: 'carpet' }, silent).settings.augmentation, 'dihedral');
});

test('options override the released settings, and undefined ones do not', () => {
  const options: TrainingOptions = {
    levels: 3,
    norm: undefined,
    epochs: 2,
    learningRate: 0.1,
    seed: 7,
    memory: 'plain',
    size: { shorter: 64 },
  };
  const { config, settings } = newPlan(options, DATA, silent);
  assert.equal([config.levels, config.norm, config.height], [3, 'SVN', 64]);
  assert.equal([settings.epochs, settings.learningRate, settings.seed, settings.memory], [2, 0.1, 7, 'plain']);
});

test('an adjusted size gives a notice', () => {
  const notices: string[] = [];
  const { config } = newPlan({ size: { height: 100, width: 50 } }, DATA, (text) => notices.push(text));
  assert.equal([config.height, config.width], [104, 48]);
  assert.match(notices.join(), /resized to 104x48/);
});

const plan = newPlan({ seed: 3, epochs: 4 }, DATA, silent);
const checkpoint = {
  ...plan,
  manifest: MANIFEST,
  training: { settings: plan.settings, images: plan.images, log: [1, 2].map((epoch) => ({ epoch })) },
} as unknown as Checkpoint;
const resume = (
  options: ResumeOptions,
  data = DATA,
  from: Partial<Checkpoint> = {},
  notice: (text: string) => void = silent,
) => resumedPlan('m.safetensors', { ...checkpoint, ...from }, options, data, notice);

test('a resumed plan is the stored one, and its epochs may be raised', () => {
  assert.equal(resume({}), plan);
  assert.equal(resume({ seed: 3, size: { shorter: 256 }, norm: 'SVN' }), plan);
  assert.equal(resume({ epochs: 9 }), { ...plan, settings: { ...plan.settings, epochs: 9 } });
});

const CONTRADICTIONS: readonly (readonly [options: TrainingOptions, message: RegExp])[] = [
  [{ levels: 3 }, /levels 3 contradicts m\.safetensors, which has 4/],
  [{ norm: 'CVN' }, /norm CVN contradicts/],
  [{ seed: 0 }, /seed 0 contradicts/],
  [{ learningRate: 1 }, /learning rate 1 contradicts m\.safetensors, which has 0\.0002/],
  [{ size: { shorter: 128 } }, /size 128x128 contradicts m\.safetensors, which has 256x256/],
  [{ memory: 'plain' }, /memory plain contradicts/],
  [{ epochs: 1 }, /1 epoch is fewer than the 2/],
];

/** What an error says, with its code before and the settings it is about behind. */
function errorOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.instance(error, PyramidFlowError);
    const { code, problem, details } = error as PyramidFlowError;
    return `${code}: ${problem} [${details?.settings ?? []}]`;
  }
  return 'nothing failed';
}

for (const [options, message] of CONTRADICTIONS) {
  test(`${JSON.stringify(options)} cannot be changed when resuming`, () => {
    const error = errorOf(() => resume(options));
    assert.match(error, message);
    assert.match(error, /^UsageError/);
    assert.ok(error.endsWith(`[${Object.keys(options)}]`), error);
    assert.not.match(error, /--/);
  });
}

test('nor can another category or a model without training state', async () => {
  await assertRejects(() => resume({}, { ...DATA, category: 'cap' }), 'UsageError', /category cap contradicts/);
  await assertRejects(() => resume({}, DATA, { training: undefined }), 'CheckpointError', /no training state/);
});

const having = (manifest: readonly ManifestEntry[]) => ({ ...DATA, images: manifest.length, manifest: [...manifest] });
const CHANGED = having([{ ...MANIFEST[0], sha256: 'b'.repeat(64) }, { ...MANIFEST[1], bytes: 8 }, ...images('2', '4', '5')]);

test('changed images are named, the first few of them', () => {
  const error = errorOf(() => resume({}, CHANGED));
  assert.match(error, /^DataError: 5 of 6 training images differ .* m\.safetensors .* \[dataChanged\]$/);
  assert.match(error, /: good\/0\.png has other contents, good\/1\.png .*, good\/3\.png is missing and 2 more/);
  const one = errorOf(() => resume({}, having(images('0', '1', '2', '3', '4'))));
  assert.match(one, /1 of 5 training images differs .*: good\/4\.png is new \[/);
});

test("changed images are accepted with dataChanged 'ok', with a notice, and their number is kept", () => {
  const notices: string[] = [];
  const changed = resume({ dataChanged: 'ok' }, CHANGED, {}, (text) => notices.push(text));
  assert.equal(changed, { ...plan, images: 5 });
  assert.match(notices.join('|'), /^5 of 6 training images differ[^|]*$/);
});

test('a checkpoint without a list of its images is compared by their number, with a notice', () => {
  const notices: string[] = [];
  const old = { manifest: undefined };
  const other = having(images('5', '6', '7', '8'));
  assert.equal(
    resume({}, other, old, (text) => notices.push(text)),
    plan,
  );
  assert.match(notices.join('|'), /^m\.safetensors [^|]*number[^|]*$/);
  assert.match(
    errorOf(() => resume({}, CHANGED, old)),
    /DataError: .* 5 training images, .* on 4 \[dataChanged\]/,
  );
  assert.is(resume({ dataChanged: 'ok' }, CHANGED, old).images, 5);
});

for (const [options, setting] of [
  [{ epochs: 0 }, 'epochs'],
  [{ batch: 1 }, 'batch'],
  [{ seed: -1 }, 'seed'],
  [{ learningRate: NaN }, 'learningRate'],
  [{ memory: 'full' }, 'memory'],
  [{ betas: [0.5] }, 'betas'],
] as unknown as [TrainingOptions, string][]) {
  test(`an invalid option is refused: ${JSON.stringify(options)}`, () => {
    assert.match(
      errorOf(() => newPlan(options, DATA, silent)),
      new RegExp(`UsageError: .*\\[${setting}\\]`),
    );
  });
}

test.run();

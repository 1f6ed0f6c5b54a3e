import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TrainingState } from '../../src/checkpoint/checkpoint';
import { type ErrorCode, PyramidFlowError } from '../../src/core/errors';
import type { TrainingSettings } from '../../src/pyramidflow/settings';
import { type FitOptions, type FitProgress, fit } from '../../src/training/fit';
import { assertClose } from '../support/assert-close';
import { gpu } from '../support/gpu';
import { fileOf, loaded, SETTINGS, tinyModel, trainingImages } from '../support/training';

const IMAGES = trainingImages(7); // three batches of two, and one image left over

async function run(change: Partial<TrainingSettings & FitOptions> = {}) {
  const model = tinyModel();
  const steps: FitProgress[] = [];
  const files: Uint8Array[] = [];
  const onEpoch = async (state: TrainingState) => {
    files.push(await fileOf(model, state));
  };
  const state = await fit(
    model,
    IMAGES,
    { ...SETTINGS, ...change },
    { onStep: (progress) => steps.push(progress), onEpoch, ...change },
  );
  return { model, state, steps, files, file: await fileOf(model, state) };
}

const whole = await run();

test('every step is reported, in order, and every epoch is logged with the means of its steps', () => {
  const { steps, state } = whole;
  assert.equal(
    steps.map(({ epoch, step }) => [epoch, step]),
    [
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [2, 2],
      [2, 3],
    ],
  );
  assert.ok(steps.every((progress) => progress.epochs === 2 && progress.steps === 3));
  assert.is(state.optimizer.steps, 6);
  for (const [i, { epoch, loss, gradientNorm, reconstructionError }] of state.log.entries()) {
    assert.is(epoch, i + 1);
    const own = steps.filter((progress) => progress.epoch === epoch);
    const mean = (key: 'loss' | 'gradientNorm') => own.reduce((sum, progress) => sum + progress[key] / 3, 0);
    assert.ok(Math.abs(loss - mean('loss')) < 1e-12 && Math.abs(gradientNorm - mean('gradientNorm')) < 1e-12);
    assert.ok(reconstructionError > 0 && reconstructionError < 1e-5, `${reconstructionError}`);
  }
  assertClose(whole.files[1], whole.file, 0, 'the file of the last epoch');
});

test('the same run twice gives the same bytes; another seed, other ones', async () => {
  assertClose((await run()).file, whole.file, 0, 'file');
  assert.not.equal((await run({ seed: SETTINGS.seed + 1 })).file, whole.file);
});

test('a run resumed from the file of an epoch ends with the bytes of an uninterrupted one', async () => {
  const { model, training } = await loaded(whole.files[0]);
  const state = await fit(model, IMAGES, SETTINGS, { resume: training });
  assertClose(await fileOf(model, state), whole.file, 0, 'file');
});

test('a finished run that is resumed stays as it is', async () => {
  const { model, training } = await loaded(whole.file);
  const state = await fit(model, IMAGES, SETTINGS, { resume: training });
  assertClose(await fileOf(model, state), whole.file, 0, 'file');
});

test('a signal within an epoch stops it; the result is the epoch before, and can be resumed', async () => {
  const controller = new AbortController();
  const stopped = await run({
    signal: controller.signal,
    onStep: ({ epoch, step }) => epoch === 2 && step === 1 && controller.abort(),
  });
  assert.is(stopped.state.log.length, 1);
  assert.is(stopped.files.length, 1);
  assertClose(stopped.files[0], whole.files[0], 0, 'file after an epoch');
  const { model, training } = await loaded(stopped.files[0]);
  assertClose(await fileOf(model, await fit(model, IMAGES, SETTINGS, { resume: training })), whole.file, 0, 'file');
});

test('a signal that was given before the start changes nothing', async () => {
  const { state, steps, model } = await run({ signal: AbortSignal.abort() });
  assert.equal([state.log.length, state.optimizer.steps, steps.length], [0, 0, 0]);
  assertClose(
    await model.parameters.segments[0]!.values.read(),
    await tinyModel().parameters.segments[0]!.values.read(),
    0,
    'weights',
  );
});

test('memory is freed, however the run ends', async () => {
  const model = tinyModel();
  model.parameters.segments[0]!.gradients; // stays with the model
  const before = gpu.memory.use().live;
  await fit(model, IMAGES, { ...SETTINGS, epochs: 1 });
  assert.is(gpu.memory.use().live, before, 'done');
  const controller = new AbortController();
  await fit(model, IMAGES, SETTINGS, { signal: controller.signal, onStep: () => controller.abort() });
  assert.is(gpu.memory.use().live, before, 'stopped');
});

const REFUSED: readonly (readonly [images: number, batch: number, code: ErrorCode, word: RegExp, settings?: string])[] = [
  [1, 2, 'DataError', /1 training image is fewer .* of 2; add images$/],
  [0, 2, 'DataError', /0 training images/],
  [3, 4, 'DataError', /3 training images .* one batch of 4; add images, or lower/, 'batch'],
  [4, 1, 'UsageError', /2 or more/, 'batch'],
];

for (const [count, batch, code, word, settings] of REFUSED) {
  test(`${count} images in batches of ${batch} are refused`, async () => {
    const error = await fit(tinyModel(), trainingImages(count), { ...SETTINGS, batch }).catch((cause) => cause);
    assert.instance(error, PyramidFlowError);
    assert.is(error.code, code);
    assert.match(error.message, word);
    assert.equal(error.details?.settings ?? [], settings ? [settings] : []);
  });
}

const LOSING = { ...SETTINGS, learningRate: 1 }; // each step far too long, and yet no NaN

test('a loss that grows a thousandfold gives one warning, and training goes on', async () => {
  const warnings: string[] = [];
  const losses: number[] = [];
  const onStep = ({ loss }: FitProgress) => losses.push(loss);
  const state = await fit(tinyModel(), IMAGES, LOSING, { onStep, onWarning: (text) => warnings.push(text) });
  assert.ok(losses.filter((loss) => loss > 1000 * losses[0]).length > 1, losses.join());
  assert.is(state.log.length, 2);
  assert.is(warnings.length, 1, warnings.join());
  assert.match(warnings[0], /diverges/);
});

test('a resumed training compares with the first epoch, and a training that learns gives no warning', async () => {
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  await run({ onWarning });
  assert.equal(warnings, []);
  const { model, training } = await loaded(whole.files[0]);
  const low = { ...training, log: training.log.map((entry) => ({ ...entry, loss: entry.loss / 2000 })) };
  await fit(model, IMAGES, SETTINGS, { resume: low, onWarning });
  assert.is(warnings.length, 1, warnings.join());
});

test.run();

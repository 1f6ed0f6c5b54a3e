import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PyramidFlowError } from '../../src/core/errors';
import type { TrainingSettings } from '../../src/pyramidflow/settings';
import type { TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import { type FitOptions, fit } from '../../src/training/fit';
import { assertClose } from '../support/assert-close';
import { gpu } from '../support/gpu';
import { SETTINGS, tinyModel, trainingImages } from '../support/training';

/** The error that training ends with. */
async function errorOf(model: TrainablePyramidFlow, change: Partial<TrainingSettings & FitOptions> = {}): Promise<string> {
  const steps: number[] = [];
  const onStep = ({ step }: { step: number }) => steps.push(step);
  const result = await fit(model, trainingImages(4), { ...SETTINGS, ...change }, { onStep, ...change }).catch(
    (error: Error) => error,
  );
  if (!(result instanceof PyramidFlowError)) throw new Error('training went on', { cause: result });
  assert.equal(result.details?.settings, ['learningRate', 'resume']);
  return `${result.code}: ${result.message}`;
}

for (const [name, value] of [
  ['blocks.1.conv1', NaN],
  ['blocks.2.log_s', Infinity],
  ['blocks.0.conv2', -Infinity],
] as const) {
  for (const memory of ['reversible', 'plain'] as const) {
    test(`${value} in ${name} stops the first step and is named, ${memory}`, async () => {
      const model = tinyModel();
      const parameter = model.parameters.get(name);
      const values = await parameter.read();
      values[3] = value;
      parameter.write(values);
      const message = await errorOf(model, { memory });
      const block = name.slice(0, 'blocks.0'.length);
      assert.match(
        message,
        new RegExp(`^NumericError: training stopped at epoch 1, step 1 in ${block}: ${name} is not finite`),
      );
    });
  }
}

test('a learning rate far too high is stopped, with epoch, step, block and tensor', async () => {
  const message = await errorOf(tinyModel(), { epochs: 20, learningRate: 1e30 });
  assert.match(message, /^NumericError: .* at epoch \d+, step \d+ in (blocks\.\d+\.|the Fourier loss).*: .+ is not finite/);
});

test('an input that overflows by its normalization is named itself', async () => {
  const normalization = { mean: [1e38, 0, 0], std: [1e-3, 1, 1] } as const;
  assert.match(await errorOf(tinyModel(), { normalization }), /in the input: images is not finite/);
});

test('after a failed step the weights are those before it, and memory is freed', async () => {
  const model = tinyModel();
  model.parameters.segments[0]!.gradients; // stays with the model
  const before = gpu.memory.use().live;
  const parameter = model.parameters.get('blocks.2.upper');
  const values = await parameter.read();
  values[1] = NaN;
  parameter.write(values);
  const start = await model.parameters.segments[0]!.values.read();
  await errorOf(model);
  assertClose(await model.parameters.segments[0]!.values.read(), start, 0, 'weights');
  assert.is(gpu.memory.use().live, before);
});

test.run();

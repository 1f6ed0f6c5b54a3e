import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PyramidFlowConfig } from '../../src/pyramidflow/config';
import type { MemoryMode } from '../../src/pyramidflow/settings';
import { Trainer } from '../../src/training/step';
import { gpu } from '../support/gpu';
import { randomImages, smallModel } from '../support/small-model';

/** The most bytes that are live in a step, above those before and after it: weights, gradients, moments, images. */
async function activationBytes(change: Partial<PyramidFlowConfig>, memory: MemoryMode): Promise<number> {
  const model = smallModel({ height: 64, width: 64, ...change });
  const images = randomImages(2, model.config);
  const trainer = new Trainer(model, { memory });
  await trainer.step(images); // makes what stays, such as the gradients
  const before = gpu.memory.use().live;
  gpu.memory.resetPeak();
  await trainer.step(images);
  const { live, peak } = gpu.memory.use();
  assert.is(live, before);
  for (const made of [trainer, model, images]) made.free();
  return peak - before;
}

for (const norm of ['SVN', 'CVN'] as const) {
  test(`${norm}: 8 stacks take no more activations than 2`, async () => {
    const [two, eight] = [
      await activationBytes({ norm, stacks: 2 }, 'reversible'),
      await activationBytes({ norm, stacks: 8 }, 'reversible'),
    ];
    assert.ok(eight <= two, `${eight} bytes, ${two} at 2 stacks`);
  });
}

test('4 stacks take an eighth of the activations that plain mode keeps', async () => {
  const change = { levels: 3, stacks: 4 };
  const [reversible, plain] = [await activationBytes(change, 'reversible'), await activationBytes(change, 'plain')];
  assert.ok(8 * reversible <= plain, `${reversible} bytes, ${plain} in plain mode`);
});

test('plain mode grows with the stacks', async () => {
  const [one, two] = [await activationBytes({ stacks: 1 }, 'plain'), await activationBytes({ stacks: 2 }, 'plain')];
  assert.ok(two > 1.5 * one, `${two} bytes, ${one} at 1 stack`);
});

test('no level is kept twice: a reversible step takes less than 6.5 times its finest level', async () => {
  const bytes = await activationBytes({}, 'reversible');
  const finest = 4 * 2 * 4 * 64 * 64;
  assert.ok(bytes < 6.5 * finest, `${bytes / finest} times`);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MemoryMode } from '../../src/pyramidflow/settings';
import { invert, type TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import { reconstructionError } from '../../src/training/reconstruction';
import { Trainer } from '../../src/training/step';
import { assertClose } from '../support/assert-close';
import { gpu } from '../support/gpu';
import { randomImages, smallModel } from '../support/small-model';

const MODES: readonly MemoryMode[] = ['reversible', 'plain'];
const NORMS = ['SVN', 'CVN'] as const;
const images = randomImages(2);

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));

async function gradientsOf(model: TrainablePyramidFlow, memory: MemoryMode): Promise<Map<string, Float32Array>> {
  const trainer = new Trainer(model, { memory });
  trainer.gradients(images, false).free();
  const gradients = new Map<string, Float32Array>();
  for (const name of model.parameters.names) gradients.set(name, await model.parameters.gradient(name).read());
  trainer.free();
  return gradients;
}

async function largestRoundTripError(model: TrainablePyramidFlow): Promise<number> {
  const latent = model.forward(images);
  const back = await invert(model, latent).read();
  latent.forEach((level) => level.free());
  const original = await images.read();
  return back.reduce((worst, value, i) => Math.max(worst, Math.abs(value - original[i])), 0);
}

for (const kind of NORMS) {
  test(`${kind}: after 20 steps 16 blocks are undone to 1e-5, and both ways give one gradient to 1e-4`, async () => {
    const model = smallModel({ norm: kind });
    assert.ok((await largestRoundTripError(model)) <= 1e-5, 'before');
    const trainer = new Trainer(model);
    for (let step = 0; step < 20; step++) await trainer.step(images);
    trainer.free();
    const [roundTrip, chain] = [await largestRoundTripError(model), await reconstructionError(model, images)];
    assert.ok(roundTrip <= 1e-5, `images ${roundTrip}`);
    assert.ok(chain > 0 && chain <= 1e-5, `pyramid ${chain}`);

    const [reversible, plain] = [await gradientsOf(model, 'reversible'), await gradientsOf(model, 'plain')];
    for (const [name, expected] of plain) {
      const difference = norm(expected.map((value, i) => value - reversible.get(name)![i]));
      assert.ok(norm(expected) > 0, `${name} has a gradient`);
      assert.ok(difference <= 1e-4 * norm(expected), `${name}: ${difference / norm(expected)}`);
    }
    model.free();
  });
}

test('both ways train alike: losses, weights and running means after 5 steps', async () => {
  const runs = [];
  for (const memory of MODES) {
    const model = smallModel();
    const trainer = new Trainer(model, { memory });
    const reports = [];
    for (let step = 0; step < 5; step++) reports.push(await trainer.step(images));
    runs.push({ reports, tensors: await model.tensors() });
    trainer.free();
    model.free();
  }
  const [reversible, plain] = runs;
  for (const [i, { loss, gradientNorm }] of plain.reports.entries()) {
    assertClose(reversible.reports[i].loss, loss, { absolute: 0, relative: 1e-5 }, `loss ${i}`);
    assertClose(reversible.reports[i].gradientNorm, gradientNorm, { absolute: 0, relative: 1e-4 }, `gradient norm ${i}`);
  }
  const moved = smallModel();
  for (const [name, { data }] of await moved.tensors()) {
    const [a, b] = [reversible.tensors.get(name)!.data, plain.tensors.get(name)!.data];
    if (/stem|perm|sign/.test(name)) assert.equal([a, b], [data, data], name);
    else assert.not.equal(a, data, name);
    assertClose(a, b, 2e-5, name); // a fiftieth of what a weight moves in 5 steps
  }
});

test('the loss falls', async () => {
  const trainer = new Trainer(smallModel());
  const losses = [];
  for (let step = 0; step < 30; step++) losses.push((await trainer.step(images)).loss);
  assert.ok(losses[29] < 0.95 * losses[0], `${losses[0]} to ${losses[29]}`);
});

for (const memory of MODES) {
  test(`${memory}: at most two submits a step, no new bind group or pipeline after the second`, async () => {
    const trainer = new Trainer(smallModel(), { memory });
    await gpu.finish();
    const counts = [gpu.counts()];
    for (let step = 0; step < 5; step++) {
      await trainer.step(images);
      counts.push(gpu.counts());
    }
    const made = counts.slice(1).map((count, i) => ({
      submits: count.submits - counts[i].submits,
      dispatches: count.dispatches - counts[i].dispatches,
      bindGroups: count.bindGroups - counts[i].bindGroups,
      pipelines: count.pipelines - counts[i].pipelines,
    }));
    for (const step of made) assert.ok(step.submits <= 2, `${step.submits} submits`);
    for (const step of made.slice(2)) {
      assert.is(step.bindGroups, 0, 'bind groups');
      assert.is(step.pipelines, 0, 'pipelines');
      assert.is(step.dispatches, made[1]!.dispatches, 'dispatches');
    }
  });
}

test('a step leaves no memory behind, and equal steps from equal states give equal bits', async () => {
  const values = [];
  for (let run = 0; run < 2; run++) {
    const model = smallModel();
    const trainer = new Trainer(model);
    await trainer.step(images);
    const before = gpu.memory.use().live;
    await trainer.step(images);
    assert.is(gpu.memory.use().live, before);
    values.push(await model.parameters.segments[0]!.values.read());
    trainer.free();
    model.free();
  }
  assertClose(values[1], values[0], 0, 'weights');
});

test.run();

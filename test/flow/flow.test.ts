import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Adam } from '../../src/autograd/adam';
import { grad } from '../../src/autograd/grad';
import { Random } from '../../src/core/random';
import { actNorm } from '../../src/flow/act-norm';
import { type Bijection, on } from '../../src/flow/bijection';
import { checkFlow, plainGradients } from '../../src/flow/check';
import { coupling } from '../../src/flow/coupling';
import { loadFlow, saveFlow } from '../../src/flow/file';
import { Flow } from '../../src/flow/flow';
import { cnn, mlp } from '../../src/flow/networks';
import { nll } from '../../src/flow/nll';
import { permutation, split, squeezed } from '../../src/flow/rearrangements';
import { add, exp, mul, sub } from '../../src/ops/math';
import { apply, type Op } from '../../src/ops/op';
import { mean, sum } from '../../src/ops/reduce';
import { scope } from '../../src/tensor/scope';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { assertRejects, assertThrows } from '../support/assert-rejects';
import { gpu, randomTensor, randomValues } from '../support/gpu';

/** `count` points of two interleaved half circles. */
function moons(count: number, random: Random): Float32Array {
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = Math.PI * random.uniform();
    const [x, y] = i % 2 ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
    points.set([x + 0.05 * random.normal(), y + 0.05 * random.normal()], 2 * i);
  }
  return points;
}

const couplings = (count: number, hidden = 16) =>
  Array.from({ length: count }, (_, i) => coupling({ network: mlp(hidden), flip: i % 2 === 1 }));

test('two moons: training without activations reaches the likelihood of training with them', async () => {
  const losses: number[] = [];
  for (const reversible of [true, false]) {
    const flow = new Flow(gpu, [2], couplings(6), { seed: 3 });
    const adam = new Adam(flow.parameters, { learningRate: 5e-3 });
    const random = new Random(1);
    for (let step = 0; step < 120; step++) {
      const points = moons(128, random);
      if (reversible) await flow.step(points, nll, adam);
      else {
        const x = Tensor.from(gpu, [128, 2], points);
        plainGradients(flow, [x], nll);
        adam.step().free();
        x.free();
      }
    }
    const { z, logDet } = flow.forward(moons(2048, random));
    losses.push((await nll(z, logDet).read())[0]!);
    flow.free();
  }
  const [reversible = NaN, plain = NaN] = losses;
  assert.ok(Math.abs(reversible - plain) < 0.02, `${reversible} and ${plain}`);
  assert.ok(reversible < 1.6, `${reversible}`); // an untrained flow: 2.6
});

test('a step of 32 couplings takes the memory of a step of 4, and leaves nothing', () => {
  const peaks = [4, 32].map((count) => {
    const flow = new Flow(gpu, [2], couplings(count));
    const x = Tensor.from(gpu, [64, 2], moons(64, new Random(0)));
    const step = () => scope(() => void flow.gradients(x, nll));
    step();
    const before = gpu.memory.use().live;
    gpu.memory.resetPeak();
    step();
    const { peak, live } = gpu.memory.use();
    assert.is(live, before);
    flow.free();
    return peak - before;
  });
  assert.is(peaks[1], peaks[0]);
});

test('a step is one submit, and needs no new bind group or pipeline after the second', async () => {
  const flow = new Flow(gpu, [2], couplings(3));
  const adam = new Adam(flow.parameters);
  const points = moons(64, new Random(0));
  for (let step = 0; step < 3; step++) await flow.step(points, nll, adam);
  const before = gpu.counts();
  await flow.step(points, nll, adam);
  const after = gpu.counts();
  assert.ok(after.submits - before.submits <= 2, `${after.submits - before.submits} submits`);
  assert.equal([after.bindGroups, after.pipelines], [before.bindGroups, before.pipelines]);
});

test('samples depend on the seed alone, and on the temperature', async () => {
  const flow = new Flow(gpu, [2], couplings(2), { seed: 5 });
  const read = async (options: object) => flow.sample(100, options)[0]!.read();
  assert.equal(await read({ seed: 1 }), await read({ seed: 1 }));
  assert.not.equal(await read({ seed: 1 }), await read({ seed: 2 }));
  const [cold] = flow.sample(1, { temperature: 0 });
  const { z } = flow.forward(cold!);
  assertClose(await z[0]!.read(), [0, 0], 1e-5, 'the latent of a sample without temperature');
});

test('the parameters of a flow depend on its seed alone', async () => {
  const values = async (seed: number) => [...(await new Flow(gpu, [2], couplings(2), { seed }).parameters.read()).values()];
  assert.equal(await values(1), await values(1));
  assert.not.equal(await values(1), await values(2));
  const names = new Flow(gpu, [2], couplings(1)).parameters.names;
  assert.equal(names, ['0.coupling.w0', '0.coupling.b0', '0.coupling.w1', '0.coupling.b1']);
});

test('a multi-scale flow returns its levels, and inverts them', async () => {
  const block = () => [squeezed(), actNorm(), coupling({ network: cnn(4) })];
  const flow = new Flow(gpu, [1, 8, 8], [...block(), split(), ...block()]);
  assert.equal(flow.latentShapes, [
    [8, 2, 2],
    [2, 4, 4],
  ]);
  const x = randomTensor([2, 1, 8, 8], 'x');
  const { z } = flow.forward(x);
  const [back] = flow.inverse(z);
  assertClose(await back!.read(), await x.read(), 1e-5, 'x');
});

test('actNorm starts with mean 0 and standard deviation 1, and a loaded flow has started', async () => {
  const flow = new Flow(gpu, [3, 4, 4], [actNorm()]);
  const adam = new Adam(flow.parameters, { learningRate: 0 });
  const x = Float32Array.from(randomValues(8 * 48), (value, i) => 3 * value + (Math.floor(i / 16) % 3));
  await flow.step(x, nll, adam);
  const z = await flow.forward(x).z[0]!.read();
  for (let channel = 0; channel < 3; channel++) {
    const own = z.filter((_, i) => Math.floor(i / 16) % 3 === channel);
    const average = own.reduce((a, b) => a + b, 0) / own.length;
    const variance = own.reduce((a, b) => a + (b - average) ** 2, 0) / own.length;
    assertClose([average, variance], [0, 1], 1e-4, `channel ${channel}`);
  }
  const other = new Flow(gpu, [3, 4, 4], [actNorm()]);
  await loadFlow(other, await saveFlow(flow));
  await other.step(
    x.map((value) => 2 * value),
    nll,
    new Adam(other.parameters, { learningRate: 0 }),
  );
  assert.equal(await other.forward(x).z[0]!.read(), z);
});

test('a flow is differentiable within another function', async () => {
  const flow = new Flow(gpu, [2], couplings(2), { seed: 2 });
  for (const name of flow.parameters.names) {
    const tensor = flow.parameters.get(name);
    tensor.write(randomValues(tensor.size).map((value) => 0.3 * value));
  }
  const x = randomTensor([5, 2], 'x');
  const w = flow.parameters.get('0.coupling.w1');
  const { gradients } = grad(() => {
    const { z, logDet } = flow.forward(x, { training: true });
    return nll(z, logDet);
  }, [x, w]);
  const found = flow.gradients(x, nll);
  assertClose(await gradients[0]!.read(), await found.x[0]!.read(), 1e-5, 'dx');
  assertClose(await gradients[1]!.read(), await flow.parameters.gradient('0.coupling.w1').read(), 1e-5, 'dw');
});

// what goes wrong

const doubled: Bijection = {
  name: 'doubled',
  forward: (x) => ({ y: mul(x, 2), logDet: () => sum(Tensor.from(x.gpu, [1], [Math.log(2) * 2])) }),
  inverse: (y) => mul(y, 0.51), // should be 0.5
};
const steep: Bijection = {
  name: 'steep',
  parameters: () => ({ s: { shape: [1], data: Float32Array.of(200) } }),
  forward: (x, { s }) => ({ y: mul(x, exp(s!)), logDet: () => mul(s!, 2) }), // overflows
  inverse: (y, { s }) => mul(y, exp(sub(mul(s!, 0), s!))),
};

test('a module whose inverse is wrong is named, by a step and by check', async () => {
  const flow = new Flow(gpu, [2], [...couplings(2), doubled, ...couplings(1)]);
  const adam = new Adam(flow.parameters);
  const points = moons(16, new Random(0));
  await assertRejects(() => flow.step(points, nll, adam), 'NumericError', /step 1: .*module 2 \(doubled\)/);
  const { problems } = await checkFlow(flow, points);
  assert.match(problems.join('\n'), /module 2 \(doubled\): its inverse does not undo it/);
  assert.is(problems.filter((problem) => problem.includes('inverse')).length, 1);
});

test('a wrong log determinant and a wrong gradient are named by check', async () => {
  const wrong: Bijection = { ...doubled, inverse: (y) => mul(y, 0.5), forward: (x) => ({ y: mul(x, 2) }) };
  const { problems } = await checkFlow(new Flow(gpu, [2], [couplings(1)[0]!, wrong]), moons(8, new Random(0)));
  assert.is(problems.length, 1, problems.join('\n'));
  assert.match(problems[0]!, /module 1 \(doubled\): its log determinant/);
});

test('an operation whose gradient is wrong is named by check, in a module without parameters too', async () => {
  const wrong: Op<'x', void> = {
    name: 'wrong',
    saves: [],
    forward: ({ x }) => mul(x, 2),
    backward: (dy) => ({ x: () => mul(dy, 2.1) }),
  };
  const module: Bijection = {
    ...doubled,
    forward: (x) => ({ y: apply(wrong, { x }, undefined) }),
    inverse: (y) => mul(y, 0.5),
  };
  const { problems } = await checkFlow(new Flow(gpu, [2], [couplings(1)[0]!, module]), moons(8, new Random(0)));
  assert.match(problems.join('\n'), /module 1 \(doubled\): its gradient is not that of differences/);
});

test('errors of inverses that add up are refused, and anchors help', async () => {
  const lossy: Bijection = { name: 'lossy', forward: (x) => ({ y: mul(x, 1) }), inverse: (y) => mul(y, 1.0005) };
  const modules = Array.from({ length: 16 }, () => lossy);
  const data = () => ({ points: moons(16, new Random(0)), learned: couplings(1) });
  const { points, learned } = data();
  const flow = new Flow(gpu, [2], [...learned, ...modules]);
  await assertRejects(() => flow.step(points, nll, new Adam(flow.parameters)), 'NumericError', /lossy.*keep/);
  const kept = new Flow(gpu, [2], [...learned, ...modules], { keep: 1 });
  await kept.step(points, nll, new Adam(kept.parameters));
});

test('what is not finite is named, with the step, and the parameters stay', async () => {
  const flow = new Flow(gpu, [2], [...couplings(1), steep]);
  const adam = new Adam(flow.parameters);
  const before = await flow.parameters.read();
  const points = moons(16, new Random(0));
  await assertRejects(
    () => flow.step(points, nll, adam),
    'NumericError',
    /step 1: the output of module 1 \(steep\) is not finite/,
  );
  assert.equal(await flow.parameters.read(), before);
  points[3] = NaN;
  const good = new Flow(gpu, [2], couplings(1));
  await assertRejects(() => good.step(points, nll, new Adam(good.parameters)), 'NumericError', /the input/);
});

const FLOWS: readonly (readonly [what: string, make: () => unknown, code: 'ShapeError' | 'UsageError', message: RegExp])[] =
  [
    ['a coupling of one channel', () => new Flow(gpu, [1], couplings(1)), 'ShapeError', /module 0 \(coupling\).*2 channels/],
    [
      'a squeeze of odd sides',
      () => new Flow(gpu, [1, 3, 4], [squeezed()]),
      'ShapeError',
      /module 0 \(squeezed\).*\[1, 3, 4\]/,
    ],
    ['a squeeze of points', () => new Flow(gpu, [4], [squeezed()]), 'ShapeError', /squeezed/],
    ['a split of one channel', () => new Flow(gpu, [1, 2, 2], [split()]), 'ShapeError', /split/],
    ['an order with a channel twice', () => new Flow(gpu, [3], [permutation([0, 1, 1])]), 'ShapeError', /\[0, 1, 1\]/],
    [
      'a level that does not exist',
      () => new Flow(gpu, [2], [on(1, actNorm())]),
      'UsageError',
      /level 1 of a flow with 1 level/,
    ],
    [
      'a condition that is the target',
      () => new Flow(gpu, [[2], [2]], [on(1, actNorm(), { given: [1] })]),
      'UsageError',
      /conditioned on level 1, which it replaces/,
    ],
    ['a shape without numbers', () => new Flow(gpu, [], couplings(1)), 'ShapeError', /shape/],
  ];
for (const [what, make, code, message] of FLOWS) test(`${what} is refused`, () => assertThrows(make, code, message));

test('batches and losses of other shapes are refused', async () => {
  const flow = new Flow(gpu, [2], couplings(1));
  const adam = new Adam(flow.parameters);
  const points = moons(4, new Random(0));
  assertThrows(() => flow.forward(randomTensor([4, 3], 'x')), 'ShapeError', /\[4, 2\].*\[4, 3\]/);
  assertThrows(() => flow.forward([randomTensor([4, 2]), randomTensor([4, 2])]), 'ShapeError', /expected 1 level, got 2/);
  assertThrows(() => flow.forward(new Float32Array(3)), 'ShapeError', /3 values/);
  assertThrows(() => flow.inverse(randomTensor([4, 1])), 'ShapeError', /\[4, 2\]/);
  await assertRejects(() => flow.step(points, (z) => z[0]!, adam), 'ShapeError', /the loss/);
  await assertRejects(() => flow.step(points, (z) => mean(add(z[0]!, randomTensor([3, 2]))), adam), 'ShapeError', /add/);
  const other = new Adam(new Flow(gpu, [2], couplings(1)).parameters);
  await assertRejects(() => flow.step(points, nll, other), 'UsageError', /other parameters/);
  await flow.step(points, nll, adam);
});

test('files of other flows, and damaged ones, are refused', async () => {
  const flow = new Flow(gpu, [2], couplings(1));
  const bytes = await saveFlow(flow);
  const other = new Flow(gpu, [2], couplings(2));
  await assertRejects(() => loadFlow(other, bytes), 'CheckpointError', /1\.coupling\.w0 is missing/);
  await assertRejects(() => loadFlow(flow, bytes.slice(0, -4)), 'CheckpointError', /damaged|bytes/);
  bytes[bytes.length - 1]! ^= 1;
  await assertRejects(() => loadFlow(flow, bytes), 'CheckpointError', /damaged/);
  const wider = new Flow(gpu, [2], couplings(1, 8));
  await assertRejects(async () => loadFlow(wider, await saveFlow(flow)), 'CheckpointError', /expected F32 \[8, 1\]/);
});

test.run();

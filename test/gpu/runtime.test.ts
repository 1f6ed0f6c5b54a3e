import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KernelSource } from '../../src/gpu/kernel';
import { MOST_POOLED } from '../../src/gpu/pool';
import { reflect } from '../../src/gpu/reflect';
import { Runtime } from '../../src/gpu/runtime';
import { DispatchTimer } from '../../src/gpu/timer';
import { openRuntime } from '../../src/node/dawn';
import { addInto, fill, scaleInto } from '../../src/ops/elementwise';
import { scope } from '../../src/tensor/scope';
import { Tensor } from '../../src/tensor/tensor';
import { gpu } from '../support/gpu';

const COUNTED = ['dispatches', 'passes', 'submits', 'bindGroups', 'pipelines'] as const;

/** A kernel with one tensor y, whose first value becomes `expression`. */
const kernelOf = (name: string, expression: string): KernelSource =>
  reflect(
    name,
    `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
     @compute @workgroup_size(64)
     fn main(@builtin(local_invocation_index) i: u32) { if (i == 0u) { y[0] = ${expression}; } }`,
  );

const runOn = (runtime: Runtime, kernel: KernelSource, y: Tensor, grid: [number, number, number] = [1, 1, 1]) =>
  runtime.run(kernel, { tensors: { y }, uniforms: {}, grid });

/** The message and name of the error that a promise ends with. */
const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  );

const tensorOf = (runtime: Runtime, ...values: number[]) =>
  Tensor.from(runtime, [values.length], Float32Array.from(values), 't');

test('work runs in the order of the calls, also around copies and writes', async () => {
  const [t, u] = [tensorOf(gpu, 1, 2), tensorOf(gpu, 0, 0)];
  scaleInto(t, 3);
  gpu.copy(t.slice, u.slice);
  scaleInto(t, 2);
  addInto(u, t);
  t.write(Float32Array.of(100, 200));
  addInto(t, u);
  const early = t.read();
  fill(t, 0);
  assert.equal([...(await early)], [109, 218]);
  assert.equal([...(await u.read())], [9, 18]);
  assert.equal([...(await t.read())], [0, 0]);
});

test('several reads may be under way at once', async () => {
  const tensors = [1, 2, 3].map((value) => tensorOf(gpu, value, -value));
  const values = await Promise.all(tensors.map((tensor) => tensor.read()));
  assert.equal(
    values.map((pair) => [...pair]),
    [
      [1, -1],
      [2, -2],
      [3, -3],
    ],
  );
});

test('everything until a flush is one submit and, without copies, one pass', async () => {
  await gpu.finish();
  const t = tensorOf(gpu, 1);
  const before = gpu.counts();
  for (let i = 0; i < 5; i++) addInto(t, tensorOf(gpu, 1)); // a write submits what came before it
  for (let i = 0; i < 5; i++) scaleInto(t, 2);
  await gpu.finish();
  const after = gpu.counts();
  assert.is(after.dispatches - before.dispatches, 10);
  assert.is(after.submits - before.submits, 5);
  assert.is(after.passes - before.passes, 5);
  await gpu.finish();
  assert.is(gpu.counts().submits, after.submits, 'nothing recorded, nothing submitted');
  assert.equal([...(await t.read())], [6 * 32]);
});

test('a step that is repeated makes no new bind group and no new pipeline', async () => {
  const [x, y] = [tensorOf(gpu, 1, 2, 3), tensorOf(gpu, 4, 5, 6)];
  const step = async () => {
    const before = gpu.counts();
    scope(() => {
      const sum = x.copy();
      addInto(sum, y);
      const other = x.copy();
      scaleInto(other, 0.75);
      sum.free();
      addInto(other, Tensor.empty(gpu, [3]));
    });
    await gpu.finish();
    const after = gpu.counts();
    return Object.fromEntries(COUNTED.map((count) => [count, after[count] - before[count]]));
  };
  await step();
  await step();
  const third = await step();
  assert.equal(third, { dispatches: 3, passes: 2, submits: 1, bindGroups: 0, pipelines: 0 });
});

test('buffers of sizes no longer in use are freed in time, and recorded work still runs', async () => {
  const runtime = await openRuntime();
  const [x, y] = [tensorOf(runtime, 1, 2), tensorOf(runtime, 3, 4)];
  await runtime.finish();
  addInto(x, y);
  y.free();
  const { submits } = runtime.counts();
  const held = [];
  for (let i = 0; i < 12; i++) {
    Tensor.empty(runtime, [(100 + i) * 2 ** 18], 'an image').free(); // never used, so it takes no memory of this machine
    held.push(runtime.memory.use().pooled);
  }
  assert.is(runtime.counts().submits, submits + 1);
  assert.ok(held.at(-1)! < Math.max(...held), 'room was made');
  assert.ok(Math.max(...held) <= 2 * 111 * 2 ** 20 + MOST_POOLED);
  assert.equal([...(await x.read())], [4, 6]);
  runtime.dispose();
});

test('kernels of one name and different texts are different kernels, and equal ones are one', async () => {
  const [y, z] = [tensorOf(gpu, 0), tensorOf(gpu, 0)];
  runOn(gpu, kernelOf('same', '1.0'), y);
  const { pipelines, bindGroups } = gpu.counts();
  runOn(gpu, kernelOf('same', '2.0'), z);
  const other = `@group(0) @binding(3) var<storage, read> x: array<f32>; ${kernelOf('same', 'x[0] + 3.0').text}`;
  runOn(gpu, kernelOf('same', '1.0'), y);
  assert.is(gpu.counts().pipelines, pipelines + 1);
  assert.is(gpu.counts().bindGroups, bindGroups + 1);
  const sum = Tensor.empty(gpu, [1]);
  gpu.run(reflect('same', other), { tensors: { x: z, y: sum }, uniforms: {}, grid: [1, 1, 1] });
  assert.equal([await y.read(), await z.read(), await sum.read()].map(Number), [1, 2, 5]);
});

test('a grid that the adapter does not allow is refused at once', () => {
  const y = tensorOf(gpu, 1);
  const limit = gpu.adapter.limits.maxComputeWorkgroupsPerDimension;
  for (const grid of [
    [limit + 1, 1, 1],
    [1, limit + 1, 1],
    [0, 1, 1],
    [1.5, 1, 1],
  ] as const) {
    assert.throws(
      () => runOn(gpu, kernelOf('wide', '1.0'), y, [...grid]),
      (error: Error) =>
        error.name === 'DeviceError' && error.message.includes(`kernel wide needs a grid of ${grid.join('x')}`),
    );
  }
});

test('GPU time is measured by kernel', async () => {
  if (!gpu.adapter.features.includes('timestamp-query')) return;
  const [t, u] = [tensorOf(gpu, 1), tensorOf(gpu, 1)];
  gpu.timer = new DispatchTimer(gpu.device);
  const count = 2050; // more than one query set holds
  for (let i = 0; i < count; i++) scaleInto(t, 1);
  addInto(t, u);
  gpu.flush();
  const times = await gpu.timer.collect();
  assert.is((await gpu.timer.collect()).size, 0);
  gpu.timer = undefined;
  assert.equal([...times.keys()].sort(), ['combine', 'scale']);
  assert.equal(
    [...times.values()].map(({ calls }) => calls),
    [count, 1],
  );
  assert.ok([...times.values()].every(({ ms }) => ms >= 0));
  await gpu.finish();
});

test('a command that the GPU refuses names the kernel and the tensors', async () => {
  const runtime = await openRuntime();
  const x = tensorOf(runtime, 1);
  const outside = { label: 'outside', slice: { ...x.slice, offset: 4096, size: 4 } };
  runtime.run(kernelOf('reads', '1.0'), { tensors: { y: outside }, uniforms: {}, grid: [1, 1, 1] });
  assert.match(await failureOf(runtime.finish()), /^DeviceError: [\s\S]*reads\(y = outside\)/);
  runtime.dispose();
});

test('a lost device is a DeviceError for what is under way and what follows', async () => {
  const { device, adapter } = await openRuntime();
  let lose: (loss: Partial<GPUDeviceLostInfo>) => void = () => undefined;
  Object.defineProperty(device, 'lost', { value: new Promise((resolve) => (lose = resolve)) });
  const runtime = new Runtime({ device, adapter });
  const t = tensorOf(runtime, 1);
  device.destroy(); // a driver that crashes is not to be had; its reason is what differs
  lose({ reason: 'unknown', message: 'the driver crashed' });
  assert.match(await failureOf(t.read()), /^DeviceError: the GPU device was lost \(the driver crashed\)/);
  assert.throws(() => scaleInto(t, 2), /the driver crashed/);
});

test.run();

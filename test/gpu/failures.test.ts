import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PyramidFlowError } from '../../src/core/errors';
import { BUFFER_USAGE } from '../../src/gpu/flags';
import { Gpu } from '../../src/gpu/gpu';
import type { KernelSource } from '../../src/gpu/kernel';
import { reflect } from '../../src/gpu/reflect';
import { Renderer } from '../../src/gpu/render';
import { DispatchTimer } from '../../src/gpu/timer';
import { openRuntime } from '../../src/node/dawn';
import { fill } from '../../src/ops/elementwise';
import { Tensor } from '../../src/tensor/tensor';
import { assertRejects } from '../support/assert-rejects';
import { gpu } from '../support/gpu';
import { withMemory } from '../support/small-gpu';

const MiB = 2 ** 20;
const BROKEN: KernelSource = reflect(
  'broken_kernel',
  `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
   @compute @workgroup_size(64) fn main() { y[0] = true; }`,
);

/** Every way to use a runtime, and a tensor on it. */
const usesOf = (runtime: Gpu, t: Tensor): readonly (() => unknown)[] => [
  () => fill(t, 2),
  () => t.read(),
  () => t.write(new Float32Array(t.size)),
  () => t.copy(),
  () => Tensor.empty(runtime, [4]),
  () => runtime.copy(t.slice, t.slice),
  () => runtime.encode(() => undefined),
  () => runtime.flush(),
  () => runtime.finish(),
  () => runtime.compile(BROKEN),
  () => runtime.rehearse(() => undefined),
  () => runtime.profile(() => undefined),
  () => runtime.read(t.slice),
  () => runtime.writeAhead(t.slice, new Float32Array(t.size)),
  () => Tensor.from(runtime, [1], [1]),
  () => Tensor.zeros(runtime, [1]),
  () => runtime.run(BROKEN, { tensors: { y: t }, uniforms: {}, grid: [1, 1, 1] }),
];

async function assertAllThrow(runtime: Gpu, t: Tensor, message: RegExp): Promise<void> {
  assert.ok(runtime.failed);
  for (const use of usesOf(runtime, t)) await assertRejects(use, 'DeviceError', message);
  runtime.trim(0); // what has failed can be cleared away
  t.free();
}

async function runtimeWith(change: (device: GPUDevice) => GPUDevice | void): Promise<{ runtime: Gpu; t: Tensor }> {
  const { device, adapter } = await openRuntime();
  const runtime = new Gpu({ device: change(device) ?? device, adapter });
  return { runtime, t: Tensor.from(runtime, [2], Float32Array.of(1, 2), 't') };
}

/** What a promise ends with. */
const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => error,
  );

test('out of memory is an error of its own: what was asked for, what is in use, what to lower', async () => {
  const { runtime, t } = await runtimeWith((device) => withMemory(device, 3 * MiB));
  const half = Tensor.empty(runtime, [256, 512], 'half');
  Tensor.empty(runtime, [256, 1024], 'freed').free();
  assert.equal([...(await t.read())], [1, 2]);
  fill(half, 1);
  const big = Tensor.empty(runtime, [2, 512, 1024], 'big');
  fill(big, 1);
  const error = (await outcomeOf(big.read())) as PyramidFlowError;
  assert.is(error.code, 'DeviceError');
  assert.match(
    error.problem,
    /out of memory: tensor big \[2, 512, 1024\] needs 4\.0 MiB; tensors use 4\.5 MiB, and 1\.0 MiB/,
  );
  assert.match(error.remedy, /smaller images, a smaller batch or fewer channels/);
  assert.equal(error.details!.settings, ['size', 'batch', 'channels']);
  await assertAllThrow(runtime, t, /out of memory: tensor big/);
  runtime.dispose();
});

test('uniforms and staging buffers can run out of memory, too', async () => {
  const uniform = await runtimeWith((device) => withMemory(device, 256));
  fill(uniform.t, 2);
  await assertRejects(() => uniform.runtime.finish(), 'DeviceError', /out of memory: uniforms scale needs \d+ bytes/);
  const staging = await runtimeWith((device) => withMemory(device, 256));
  await assertRejects(() => staging.t.read(), 'DeviceError', /out of memory: reading a result back needs 8 bytes/);
  for (const { runtime } of [uniform, staging]) runtime.dispose();
});

test('out of memory is recognised by its name, from any realm, and where no allocation was under way', async () => {
  const { runtime, t } = await runtimeWith(() => undefined);
  const error = runInNewContext('new (class GPUOutOfMemoryError { message = "no memory for a texture"; })()');
  runtime.device.onuncapturederror!({ error } as unknown as GPUUncapturedErrorEvent);
  await runtime.faults.settled().catch(() => undefined);
  await assertAllThrow(runtime, t, /out of memory/);
  runtime.dispose();
});

test('a platform that throws when out of memory gives the same error', async () => {
  const { runtime } = await runtimeWith(() => undefined);
  runtime.device.createBuffer = () => {
    throw new RangeError('too much');
  };
  await assertRejects(() => Tensor.empty(runtime, [4], 'four'), 'DeviceError', /out of memory: tensor four \[4\]/);
  assert.ok(runtime.failed);
  runtime.dispose();
});

test('after a failure of one runtime the next one and all others work', async () => {
  const other = Tensor.from(gpu, [1], Float32Array.of(5), 'other');
  const { runtime, t } = await runtimeWith((device) => withMemory(device, 256));
  fill(t, 2);
  await assertRejects(() => t.read(), 'DeviceError', /out of memory/);
  fill(other, 6);
  assert.equal([...(await other.read())], [6]);
  runtime.dispose();
  const next = await openRuntime();
  assert.equal([...(await Tensor.from(next, [1], Float32Array.of(7)).read())], [7]);
  next.dispose();
});

test('a command refused before a read makes the read fail, though the read itself would succeed', async () => {
  const { runtime, t } = await runtimeWith(() => undefined);
  runtime.copy({ ...t.slice, size: 4096 }, { ...t.slice, size: 4096 });
  runtime.flush();
  await assertRejects(() => t.read(), 'DeviceError', /refused a command/);
  await assertAllThrow(runtime, t, /refused a command/);
  runtime.dispose();
});

test('a write that the GPU refuses fails at once, and nothing can be read afterwards', async () => {
  const { runtime, t } = await runtimeWith(() => undefined);
  await assertRejects(() => runtime.write(t.slice, new Uint8Array(3)), 'DeviceError', /could not take data/);
  await assertAllThrow(runtime, t, /could not take data/);
  const outside = await runtimeWith(() => undefined);
  outside.runtime.write({ ...outside.t.slice, offset: 4096 }, new Float32Array(2));
  await assertRejects(() => outside.t.read(), 'DeviceError', /refused a command/);
  for (const made of [runtime, outside.runtime]) made.dispose();
});

for (const [what, end] of [
  ['a disposed runtime', (runtime: Gpu) => runtime.dispose()],
  ['a destroyed device', (runtime: Gpu) => runtime.device.destroy()],
] as const) {
  test(`${what} ends what is under way and what follows`, async () => {
    const { runtime, t } = await runtimeWith(() => undefined);
    await runtime.finish();
    fill(t, 3);
    const pending = [
      ...[t.read(), runtime.finish(), runtime.rehearse(() => fill(t, 4)), runtime.compile(BROKEN)],
      runtime.profile(() => fill(t, 5)),
    ].map(outcomeOf);
    end(runtime);
    for (const error of (await Promise.all(pending)) as PyramidFlowError[]) {
      assert.is(error?.code, 'DeviceError', String(error));
      assert.match(error.problem, /runtime was disposed/);
    }
    await assertAllThrow(runtime, t, /this GPU runtime was disposed/);
    runtime.dispose();
  });
}

test('a runtime knows at once that it was disposed', async () => {
  const { runtime, t } = await runtimeWith(() => undefined);
  runtime[Symbol.dispose]();
  for (const use of usesOf(runtime, t).slice(2, 8)) {
    assert.throws(use, (error: PyramidFlowError) => /runtime was disposed/.test(error.problem));
  }
});

test('calls made just after a device is destroyed fail as well', async () => {
  const { runtime, t } = await runtimeWith(() => undefined);
  runtime.device.destroy();
  fill(t, 3); // the news is not there yet
  const pending = [t.read(), runtime.finish(), runtime.rehearse(() => fill(t, 4))].map(outcomeOf);
  for (const error of (await Promise.all(pending)) as PyramidFlowError[]) assert.match(error?.problem, /was disposed/);
  runtime.dispose();
});

/** A device whose next buffers for reading are changed. */
const readingFrom = (change: (buffer: GPUBuffer) => void) => (device: GPUDevice) => {
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    if (descriptor.usage & BUFFER_USAGE.MAP_READ) change(buffer);
    return buffer;
  };
};

test('a read that fails is an error with its cause, and its buffer is not used again', async () => {
  const cause = new DOMException('not mapped', 'AbortError');
  const { runtime, t } = await runtimeWith(readingFrom((buffer) => (buffer.mapAsync = () => Promise.reject(cause))));
  const error = (await outcomeOf(t.read())) as PyramidFlowError;
  assert.is(error.code, 'DeviceError');
  assert.match(error.problem, /could not give a result back: not mapped/);
  assert.is(error.cause, cause);
  assert.is(runtime.counts().stagingBuffers, 0);
  await assertAllThrow(runtime, t, /could not give a result back/);
  runtime.dispose();
});

test('a device lost between mapping and use is an error that says so', async () => {
  let lose: (loss: Partial<GPUDeviceLostInfo>) => void = () => undefined;
  const { runtime, t } = await runtimeWith((device) => {
    Object.defineProperty(device, 'lost', { value: new Promise((resolve) => (lose = resolve)) });
    readingFrom((buffer) => {
      buffer.getMappedRange = () => {
        setTimeout(() => lose({ reason: 'unknown', message: 'the driver crashed' }), 20); // news comes later
        throw new DOMException('', 'OperationError');
      };
    })(device);
  });
  await assertRejects(() => t.read(), 'DeviceError', /device was lost \(the driver crashed\)/);
  await assertAllThrow(runtime, t, /the driver crashed/);
  runtime.dispose();
});

test('a kernel that cannot be prepared is named, with the reason, and nothing else is affected', async () => {
  const t = Tensor.from(gpu, [1], Float32Array.of(1), 't');
  await gpu.finish();
  const { pipelines } = gpu.counts();
  for (let attempt = 0; attempt < 2; attempt++) {
    await assertRejects(
      () => gpu.compile(BROKEN),
      'DeviceError',
      /kernel broken_kernel does not compile, line 2:\n[^\n]*\n *\^\n.*bool/,
    );
    const rehearsal = () => gpu.rehearse(() => gpu.run(BROKEN, { tensors: { y: t }, uniforms: {}, grid: [1, 1, 1] }));
    await assertRejects(rehearsal, 'DeviceError', /kernel broken_kernel does not compile/);
  }
  assert.is(gpu.counts().pipelines, pipelines);
  fill(t, 3);
  assert.equal([...(await t.read())], [3]);
});

test('a render shader that does not compile is named', async () => {
  const source = { name: 'broken_view', text: 'fn main() -> f32 {}', vertex: 'a', fragment: 'b', bindings: [] };
  const uniforms = { binding: 0, size: 16, fields: [] };
  const make = () => Renderer.create(gpu, { ...source, uniforms }, 'rgba8unorm');
  await assertRejects(make, 'DeviceError', /shader broken_view does not compile/);
  await gpu.finish();
});

test('commands that the platform throws back are an error', async () => {
  const { runtime, t } = await runtimeWith(() => undefined);
  runtime.device.queue.submit = () => {
    throw new TypeError('not a queue');
  };
  await assertRejects(() => t.read(), 'DeviceError', /could not take commands: not a queue/);
  await assertAllThrow(runtime, t, /could not take commands/);
  runtime.dispose();
});

test('timestamps that cannot be read are an error', async () => {
  const { runtime, t } = await runtimeWith(() => undefined);
  if (!runtime.adapter.features.includes('timestamp-query')) return;
  runtime.timer = new DispatchTimer(runtime.device);
  fill(t, 1);
  runtime.flush();
  const { timer } = runtime;
  runtime.dispose();
  await assertRejects(() => timer.collect(), 'DeviceError', /could not give its times back/);
});

test.run();

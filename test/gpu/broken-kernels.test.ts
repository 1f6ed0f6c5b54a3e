import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PyramidFlowError } from '../../src/core/errors';
import type { Gpu } from '../../src/gpu/gpu';
import type { KernelSource } from '../../src/gpu/kernel';
import { kernel, reflect } from '../../src/gpu/reflect';
import { openRuntime } from '../../src/node/dawn';
import { Tensor } from '../../src/tensor/tensor';
import { assertRejects } from '../support/assert-rejects';

const textOf = (statement: string): string => `
// ${'a comment that moves what is below, '.repeat(3)}
override N: u32 = 2; /* and one
in a block */
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
\tif (i > 0u) { return; } // the first alone
  ${statement}
}`;

const sound = kernel('sound', textOf('y[0] += 1.0;'));
const bad = kernel('bad', textOf('y[0] = angel;'));
const worse = kernel('worse', textOf('y[0] = devil;'));

/** Runs a kernel on its only tensor. */
const run = (made: KernelSource, y: Tensor) => y.gpu.run(made, { tensors: { y }, uniforms: {}, grid: [1, 1, 1] });

const BAD = /kernel bad<N=default> does not compile, line 9:\n {2}y\[0\] = angel;\n {9}\^\n.*'angel'; correct the kernel$/;
const WORSE = /kernel worse.*\n.*\n.*\n.*'devil'/;

const tensorOn = (gpu: Gpu, label = 'y') => Tensor.from(gpu, [1], Float32Array.of(0), label);

/** New work is right, and the broken kernel is refused at once. */
async function assertWorksOn(gpu: Gpu): Promise<void> {
  assert.not(gpu.failed);
  const y = tensorOn(gpu);
  run(sound, y);
  run(sound, y);
  assert.is((await y.read())[0], 2);
  await gpu.finish();
}

async function assertAllReject(results: readonly Promise<unknown>[], message: RegExp): Promise<void> {
  for (const outcome of await Promise.allSettled(results)) {
    await assertRejects(
      () => (outcome.status === 'rejected' ? Promise.reject(outcome.reason) : undefined),
      'UsageError',
      message,
    );
  }
}

async function assertRefused(y: Tensor, made = bad, message = BAD): Promise<void> {
  await assertRejects(() => run(made, y), 'UsageError', message);
  await assertRejects(() => y.gpu.compile(made), 'UsageError', message);
}

test('a kernel that is compiled ahead or rehearsed throws with line and caret, and harms nothing', async () => {
  using gpu = await openRuntime();
  const y = tensorOn(gpu);
  run(sound, y); // recorded meanwhile
  const compiling = gpu.compile(bad);
  run(sound, y);
  await assertRejects(() => compiling, 'UsageError', BAD);
  await assertRejects(() => gpu.rehearse(() => run(worse, y)), 'UsageError', WORSE);
  run(sound, y);
  assert.is((await y.read())[0], 3);
  await assertRefused(y);
  await assertRefused(y, worse, WORSE);
  await assertWorksOn(gpu);
});

for (const [place, before, after] of [
  ['first', 0, 2],
  ['in the middle', 2, 2],
  ['last', 2, 0],
  ['alone', 0, 0],
] as const) {
  test(`a kernel that is run ${place} spoils what is read with it, and nothing after that was told`, async () => {
    using gpu = await openRuntime();
    const [y, z] = [tensorOn(gpu, 'y'), tensorOn(gpu, 'z')];
    for (let i = 0; i < before; i++) run(sound, z);
    run(bad, y);
    for (let i = 0; i < after; i++) run(sound, z);
    await assertRejects(() => z.read(), 'UsageError', BAD);
    await assertWorksOn(gpu);
    await assertRefused(y);
    await assertWorksOn(gpu);
  });
}

test('what was submitted but not read is told by the next result, of whatever kind', async () => {
  for (const ask of [(y: Tensor) => y.read(), (y: Tensor) => y.gpu.finish()]) {
    using gpu = await openRuntime();
    const [y, z] = [tensorOn(gpu, 'y'), tensorOn(gpu, 'z')];
    run(bad, y);
    gpu.flush();
    run(sound, z);
    gpu.flush();
    await new Promise((resolve) => setTimeout(resolve, 50)); // the driver has said so by now
    await assertRefused(y); // which tells one call, but no result
    await assertRejects(() => ask(z), 'UsageError', BAD);
    await assertWorksOn(gpu);
  }
});

test('all results under way reject, those that follow the first news do not', async () => {
  using gpu = await openRuntime();
  const [y, z] = [tensorOn(gpu, 'y'), tensorOn(gpu, 'z')];
  run(sound, z);
  const earlier = z.read();
  run(bad, y);
  const results = [z.read(), gpu.finish(), y.read(), gpu.finish()];
  await assertAllReject([earlier, ...results], BAD);
  await assertWorksOn(gpu);
});

test('a result that was asked for before does not take the news from one that rests on it', async () => {
  using gpu = await openRuntime();
  const [y, z] = [tensorOn(gpu, 'y'), tensorOn(gpu, 'z')];
  run(sound, z);
  const earlier = z.read();
  run(bad, y);
  gpu.flush();
  await assertRejects(() => earlier, 'UsageError', BAD);
  await assertRejects(() => y.read(), 'UsageError', BAD);
  await assertWorksOn(gpu);
});

test('of two broken kernels each is told once', async () => {
  for (const apart of [true, false]) {
    using gpu = await openRuntime();
    const y = tensorOn(gpu);
    run(bad, y);
    if (apart) gpu.flush();
    run(worse, y);
    run(bad, y); // again, before it is known
    await assertRejects(() => y.read(), 'UsageError', BAD);
    await assertAllReject([gpu.finish(), y.read()], WORSE);
    for (const [made, message] of [[bad, BAD] as const, [worse, WORSE] as const]) await assertRefused(y, made, message);
    if (apart) await assertRejects(() => y.read(), 'UsageError', BAD); // of the second submit
    await assertWorksOn(gpu);
  }
});

test('a kernel is compiled while it is in doubt, and other constants have a verdict of their own', async () => {
  using gpu = await openRuntime();
  const y = tensorOn(gpu);
  const choosy = kernel('choosy', textOf('const_assert N < 3u; y[0] += f32(N);'));
  const call = { tensors: { y }, uniforms: {}, grid: [1, 1, 1] as const };
  gpu.run(choosy, { ...call, constants: { N: 3 } });
  await assertRejects(() => gpu.compile(choosy, { N: 3 }), 'UsageError', /choosy<N=3> does not compile, line 9:/);
  await assertRejects(() => y.read(), 'UsageError', /choosy<N=3>/);
  gpu.run(choosy, call);
  assert.is((await y.read())[0], 2);
});

test('what the driver refuses though its text is right is told too, and its layout spoils nothing', async () => {
  using gpu = await openRuntime();
  const y = tensorOn(gpu);
  const wide = kernel('wide', textOf('y[0] = 1.0;').replace('64', '65536'));
  await assertRejects(() => gpu.compile(wide), 'UsageError', /kernel wide.* does not compile on this GPU: [^]*workgroup/);
  const count = gpu.adapter.limits.maxStorageBuffersPerShaderStage;
  const names = Array.from({ length: count }, (_, i) => `x${i}`);
  const bindings = names.map((x, i) => `@group(0) @binding(${i + 1}) var<storage, read_write> ${x}: array<f32>;`);
  const greedy = kernel('greedy', bindings.join('\n') + textOf(names.map((x) => `${x}[0] = 1.0;`).join(' ')));
  const tensors = Object.fromEntries(names.map((x) => [x, tensorOn(gpu, x)]));
  gpu.run(greedy, { tensors: { y, ...tensors }, uniforms: {}, grid: [1, 1, 1] });
  await assertRejects(() => y.read(), 'UsageError', /kernel greedy/);
  await assertWorksOn(gpu);
});

const LOOP = '// unroll\n  for (var k = 0u; k < 3u; k++) {\n    y[k] = 1.0;\n  }\n';
const PLACES: readonly (readonly [what: string, statement: string, line: string, code: string, at: string])[] = [
  ['below a loop that is unrolled', `${LOOP}  y[0] = angel;`, 'line 13', '  y[0] = angel;', 'angel'],
  ['in such a loop', LOOP.replace('1.0', 'angel'), 'line 11', '    y[k] = angel;', 'angel'],
  ['behind tabs', 'let t = 1.0;\n\t\ty[0] = angel;', 'line 10', '\t\ty[0] = angel;', 'angel'],
  [
    'in a loop, once it is unrolled',
    `var a: array<f32, 2>;\n${LOOP.replace('y[k] = 1.0', 'a[k] = 1.0')}`,
    'in a loop that is unrolled',
    '    a[k] = 1.0;',
    'k]',
  ],
];

for (const [what, statement, line, code, at] of PLACES) {
  test(`the place of an error ${what}`, async () => {
    using gpu = await openRuntime();
    const error: PyramidFlowError = await gpu.compile(kernel('odd', textOf(statement))).catch((error) => error);
    const [head, shown, caret] = error.message.split('\n');
    assert.is(head, `kernel odd<N=default> does not compile, ${line}:`);
    assert.is(shown, code);
    assert.ok(shown.slice(caret.indexOf('^')).startsWith(at), error.message);
  });
}

test('the place of an error in an override', async () => {
  using gpu = await openRuntime();
  const text = textOf('y[0] = f32(N);').replace('= 2', '= M + 2');
  await assertRejects(
    () => gpu.compile(kernel('odd', text)),
    'UsageError',
    /line 3:\noverride N: u32 = M \+ 2;.*\n {18}\^\n.*'M'/,
  );
});

test('constants with which a loop cannot be unrolled are refused, and others are not', async () => {
  using gpu = await openRuntime();
  const y = tensorOn(gpu);
  const text = textOf(LOOP.replace('k < 3u', 'k < 4u / N').replace('y[k] =', 'y[0] +='));
  const looping = kernel('looping', text);
  const call = { tensors: { y }, uniforms: {}, grid: [1, 1, 1] as const };
  const problem = /kernel looping<N=0>, line 9: cannot unroll a loop from 0u to 4u \/ N; pass other constants/;
  await assertRejects(() => gpu.run(looping, { ...call, constants: { N: 0 } }), 'UsageError', problem);
  await assertRejects(() => gpu.compile(looping, { N: 0 }), 'UsageError', problem);
  gpu.run(looping, call);
  assert.is((await y.read())[0], 2);
});

test('a kernel of this package that does not compile is a DeviceError', async () => {
  using gpu = await openRuntime();
  const y = tensorOn(gpu);
  run(reflect('ours', textOf('y[0] = angel;')), y);
  await assertRejects(
    () => y.read(),
    'DeviceError',
    /kernel ours.* does not compile, line 9:\n.*\n.*\n.*'angel'.*; update the/,
  );
  await assertWorksOn(gpu);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MOST_BIND_GROUPS, MOST_UNIFORMS } from '../../src/gpu/kernel-cache';
import { MOST_KEPT, MOST_KEPT_BYTES } from '../../src/gpu/staging';
import { openRuntime } from '../../src/node/dawn';
import { fill } from '../../src/ops/elementwise';
import { scope } from '../../src/tensor/scope';
import { Tensor } from '../../src/tensor/tensor';

const ROW = 64; // elements: a view of any row can be bound

test('more uniforms than are kept, all in one submit: each dispatch has its own', async () => {
  const gpu = await openRuntime();
  const rows = MOST_UNIFORMS + 1000;
  const t = Tensor.empty(gpu, [rows, ROW], 'rows');
  const before = gpu.counts();
  for (let row = 0; row < rows; row++) scope(() => fill(t.view([ROW], row * ROW), row + 0.5));
  assert.is(gpu.counts().submits, before.submits);
  const values = await t.read();
  assert.is(
    values.findIndex((value, i) => value !== Math.floor(i / ROW) + 0.5),
    -1,
  );
  const { uniformBuffers, bindGroups } = gpu.counts();
  assert.ok(uniformBuffers <= MOST_UNIFORMS, `${uniformBuffers} uniform buffers`);
  assert.ok(bindGroups <= uniformBuffers, `${bindGroups} bind groups, some of dropped uniforms`);
  gpu.dispose();
});

test('uniforms that change with every submit do not pile up either, and results are right', async () => {
  const gpu = await openRuntime();
  const t = Tensor.zeros(gpu, [1], 't');
  for (let i = 1; i <= MOST_UNIFORMS + 100; i++) {
    fill(t, i);
    if (i % 100 === 0) assert.equal([...(await t.read())], [i]);
  }
  const { uniformBuffers, bindGroups } = gpu.counts();
  assert.ok(uniformBuffers <= MOST_UNIFORMS / 2 + 200, `${uniformBuffers} uniform buffers: the older half is gone`);
  assert.ok(bindGroups <= uniformBuffers, `${bindGroups} bind groups`);
  fill(t, 1);
  assert.equal([...(await t.read())], [1], 'one that was dropped is made again');
  gpu.dispose();
});

test('more bind groups than are kept, all in one submit, work', async () => {
  const gpu = await openRuntime();
  const rows = MOST_BIND_GROUPS + 100;
  const t = Tensor.zeros(gpu, [rows, ROW], 'rows');
  for (let row = 0; row < rows; row++) scope(() => fill(t.view([ROW], row * ROW), 3));
  assert.ok((await t.read()).every((value) => value === 3));
  assert.ok(gpu.counts().bindGroups <= MOST_BIND_GROUPS);
  const { bindGroups } = gpu.counts();
  for (let row = rows - 1000; row < rows; row++) scope(() => fill(t.view([ROW], row * ROW), 3));
  assert.is(gpu.counts().bindGroups, bindGroups, 'the most recent are kept');
  gpu.dispose();
});

test('3000 sizes, one after the other: what is kept stays within its bounds, and results are right', async () => {
  const gpu = await openRuntime();
  const most = 2 ** 20;
  for (let size = 1; size <= 3000; size++) {
    const t = Tensor.empty(gpu, [4 * size], 'image');
    fill(t, size);
    const values = await t.read();
    assert.is(values.length, 4 * size);
    assert.ok(values[0] === size && values[4 * size - 1] === size, `size ${size}`);
    t.free();
    gpu.trim(most);
    assert.ok(gpu.memory.use().pooled <= most);
  }
  const { uniformBuffers, bindGroups, stagingBuffers } = gpu.counts();
  assert.ok(uniformBuffers <= MOST_UNIFORMS && bindGroups <= MOST_BIND_GROUPS);
  assert.is(stagingBuffers, MOST_KEPT);
  gpu.dispose();
});

test('a large staging buffer is not kept, and displaces no small one', async () => {
  const gpu = await openRuntime();
  await Tensor.zeros(gpu, [16], 'small').read();
  assert.is(gpu.counts().stagingBuffers, 1);
  await Tensor.empty(gpu, [MOST_KEPT_BYTES / 4 + 64], 'large').read();
  assert.is(gpu.counts().stagingBuffers, 1);
  gpu.dispose();
});

test.run();

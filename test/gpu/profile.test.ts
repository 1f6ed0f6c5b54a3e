import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adapterName } from '../../src/gpu/device';
import { Gpu } from '../../src/gpu/gpu';
import { openRuntime } from '../../src/node/dawn';
import { addInto, scaleInto } from '../../src/ops/elementwise';
import { Tensor } from '../../src/tensor/tensor';
import { assertRejects } from '../support/assert-rejects';
import { gpu } from '../support/gpu';

const zeros = (runtime: Gpu, count: number) => Tensor.zeros(runtime, [count], 't');

/** Three dispatches over two submits. */
async function work(x: Tensor, y: Tensor): Promise<string> {
  scaleInto(x, 2);
  await x.read();
  addInto(y, x);
  addInto(y, x);
  return 'done';
}

/** The rows of a table as numbers and words. */
const rowsOf = (table: string): string[][] => table.split('\n').map((line) => line.trim().split(/ {2,}/));

test('a profile has calls, times and bytes of every kernel of synchronous and asynchronous work', async () => {
  if (!gpu.adapter.features.includes('timestamp-query')) return;
  const [x, y] = [zeros(gpu, 1000), zeros(gpu, 1000)];
  scaleInto(x, 1); // not part of it
  const profile = await gpu.profile(() => work(x, y));
  scaleInto(x, 1); // nor this
  assert.is(profile.value, 'done');
  const byName = Object.fromEntries(profile.kernels.map(({ name, calls, bytes }) => [name, [calls, bytes]]));
  assert.equal(byName, { scale: [1, 4000], combine: [2, 16000] });
  assert.ok(profile.kernels.every(({ ms }) => ms! >= 0));
  assert.ok(profile.kernels[0].ms! >= profile.kernels[1].ms!);
  assert.equal(profile.total, { ...profile.total, calls: 3, bytes: 20000 });
  assert.ok(Math.abs(profile.total.ms! - profile.kernels[0].ms! - profile.kernels[1].ms!) < 1e-9);
  assert.is((await gpu.profile(() => scaleInto(x, 1))).total.calls, 1);
  assert.is(gpu.timer, undefined);
});

test('a profile is printed as a table, with the name of the adapter', async () => {
  const [x, y] = [zeros(gpu, 250_000), zeros(gpu, 250_000)];
  const table = `${await gpu.profile(() => work(x, y))}`;
  const { software } = gpu.adapter;
  const [title, ...rest] = table.split('\n');
  assert.is(title, adapterName(gpu.adapter) + (software ? ' (software)' : ''));
  const rows = rest.slice(-4);
  assert.is(new Set(rows.map((row) => row.length)).size, 1, 'the columns are aligned');
  const [head, ...kernels] = rowsOf(rows.join('\n'));
  assert.equal(head, ['kernel', 'calls', 'ms', 'share', 'MB', 'GB/s']);
  assert.equal(kernels.map(([name, calls, , , megabytes]) => `${name} ${calls} ${megabytes}`).sort(), [
    'combine 2 4.00',
    'scale 1 1.00',
    'total 3 5.00',
  ]);
});

test('without timestamps there are calls and bytes, and the table says why', async () => {
  const { device, adapter } = await openRuntime();
  using plain = new Gpu({ device, adapter: { ...adapter, features: [] } });
  const [x, y] = [zeros(plain, 1000), zeros(plain, 1000)];
  const profile = await plain.profile(() => work(x, y));
  assert.equal(
    profile.kernels.map(({ name, calls, ms, bytes }) => [name, calls, ms, bytes]),
    [
      ['combine', 2, undefined, 16000],
      ['scale', 1, undefined, 4000],
    ],
  );
  assert.is(profile.total.ms, undefined);
  assert.match(`${profile}`, /no times: this adapter has no 'timestamp-query'/);
  assert.equal(rowsOf(`${profile}`).at(-1), ['total', '3', '-', '-', '0.02', '-']);
});

test('a profile inside another is refused, and one whose work fails leaves nothing behind', async () => {
  const x = zeros(gpu, 4);
  const inner = () => gpu.profile(() => undefined);
  await assertRejects(() => gpu.profile(inner), 'UsageError', /a profile is already under way/);
  assert.is(gpu.timer, undefined);
  assert.is((await gpu.profile(() => scaleInto(x, 2))).total.calls, 1);
});

test.run();

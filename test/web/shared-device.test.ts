import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { create } from 'webgpu';
import type { Runtime } from '../../src/gpu/runtime';
import '../../src/node/dawn';
import { openDevice, SharedDevice } from '../../src/web/shared-device';
import { assertRejects } from '../support/assert-rejects';

// Makes Node look like a secure page with WebGPU.
const dawn = create([]);
const define = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, configurable: true });
define('isSecureContext', true);
define('location', { origin: 'https://example.com' });
const pageWith = (gpu: GPU | undefined) => define('navigator', { userAgent: 'Chrome', gpu });
pageWith(dawn);

test('all callers get the same device, opened at the first use', async () => {
  const device = new SharedDevice();
  assert.is(device.adapter, undefined);
  const [first, second] = await Promise.all([device.runtime(), device.runtime()]);
  assert.is(first, second);
  assert.is(device.adapter, first.adapter);
  assert.not(await device.wasLost(first));
  device.dispose();
});

/** Loses the device as a failing driver does. */
async function lose(device: SharedDevice): Promise<Runtime> {
  const gpu = await device.runtime();
  gpu.device.destroy();
  assert.ok(await device.wasLost(gpu));
  return gpu;
}

test('a lost device is opened again; the third loss within a minute is an error until the minute is over', async () => {
  let now = 5000;
  const device = new SharedDevice(() => now);
  const runtimes = new Set([await lose(device), await lose(device)]);
  now += 30_000;
  runtimes.add(await lose(device));
  assert.is(runtimes.size, 3);
  await assertRejects(() => device.runtime(), 'DeviceError', /lost 3 times within a minute.*reload the page/);
  now += 29_999;
  await assertRejects(() => device.runtime(), 'DeviceError', /lost 3 times/);
  now += 1;
  const gpu = await device.runtime();
  assert.not(runtimes.has(gpu));
  await gpu.finish();
  device.dispose();
});

test('rare losses are not an error, however many there are', async () => {
  let now = 0;
  const device = new SharedDevice(() => now);
  for (let i = 0; i < 5; i++) {
    await lose(device);
    now += 30_001;
  }
  await (await device.runtime()).finish();
  device.dispose();
});

test('a device that is disposed while it is opened is not handed out', async () => {
  let made: GPUDevice | undefined;
  const requestAdapter = async (options: GPURequestAdapterOptions) => {
    const adapter = (await dawn.requestAdapter(options))!;
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => (made = await request(descriptor));
    return adapter;
  };
  pageWith({ requestAdapter } as GPU);
  const device = new SharedDevice();
  const opening = device.runtime();
  device.dispose();
  await assertRejects(() => opening, 'DeviceError', /disposed/);
  assert.is(device.adapter, undefined);
  assert.is((await made!.lost).reason, 'destroyed');
  pageWith(dawn);
});

test('after a refused command the next use opens a new device, which does not count as a loss', async () => {
  const device = await openDevice();
  for (let i = 0; i < 3; i++) {
    const gpu = await device.runtime();
    gpu.copy(
      { buffer: gpu.memory.acquire(4, 'a'), offset: 0, size: 4096 },
      { buffer: gpu.memory.acquire(4, 'b'), offset: 0, size: 4096 },
    );
    await assertRejects(() => gpu.finish(), 'DeviceError', /refused a command/);
    assert.is.not(await device.runtime(), gpu);
    assert.ok(await device.wasLost(gpu), 'its work may be run again on the new one');
  }
  device.dispose();
});

test('a disposed device says so, and is not mistaken for a lost one', async () => {
  const device = await openDevice();
  const gpu = await device.runtime();
  device.dispose();
  assert.not(await device.wasLost(gpu));
  await assertRejects(() => device.runtime(), 'DeviceError', /disposed/);
});

test('a page without WebGPU is told so, and may try again', async () => {
  pageWith(undefined);
  const device = new SharedDevice();
  await assertRejects(() => device.runtime(), 'DeviceError', /has no WebGPU/);
  pageWith(dawn);
  assert.ok((await device.runtime()).device);
  device.dispose();
});

test.run();

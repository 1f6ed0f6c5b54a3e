import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { PyramidFlowError } from '../../src/core/errors';
import type { Runtime } from '../../src/gpu/runtime';
import { IMAGENET } from '../../src/ops/preprocess';
import { PageDetector } from '../../src/web/page-detector';
import type { SharedDevice } from '../../src/web/shared-device';
import { assertRejects } from '../support/assert-rejects';
import { SMALL, trainedTensors } from '../support/small-weights';

/** A device that is lost as soon as anything uses it. */
function lostRuntime(): Runtime {
  const get = (_: object, name: string | symbol) => {
    if (name === 'then') return undefined; // it may be awaited
    throw new PyramidFlowError('DeviceError', 'the GPU device was lost', 'load the page again');
  };
  return new Proxy({}, { get }) as Runtime;
}

const checkpoint: Checkpoint = {
  config: SMALL,
  category: 'tile',
  normalization: IMAGENET,
  tensors: trainedTensors(),
  template: [new Float32Array(0)],
};

test('a call whose device keeps being lost restarts twice, then throws', async () => {
  let opened = 0;
  const runtime = async () => {
    opened++;
    return lostRuntime();
  };
  const device = { runtime, wasLost: async () => true } as unknown as SharedDevice;
  const detector = new PageDetector(device, checkpoint, { fetch: 0, compile: 0, upload: 0 });
  await assertRejects(() => detector.prepare(), 'DeviceError', /lost/);
  assert.is(opened, 3);
  await assertRejects(() => detector.prepare(), 'DeviceError', /lost/);
  assert.is(opened, 6, 'the next call tries anew');
});

test.run();

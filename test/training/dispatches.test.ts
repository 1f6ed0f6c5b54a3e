import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Gpu } from '../../src/gpu/gpu';
import { checkWorkspace, SMALL_WORKSPACE, workspaceFor } from '../../src/gpu/workspace';
import { createPyramidFlow } from '../../src/pyramidflow/initialize';
import { settingsFor } from '../../src/pyramidflow/settings';
import { Tensor } from '../../src/tensor/tensor';
import { Trainer } from '../../src/training/step';
import { assertThrows } from '../support/assert-rejects';
import { gpu } from '../support/gpu';

const MIB = 2 ** 20;

/** Counts what it would run. */
class Counting extends Gpu {
  count = 0;
  override run(): void {
    this.count++;
  }
}

/** Dispatches of a step of the released settings on two images. */
function dispatchesOf(size: number, workspace: number): number {
  const counting = new Counting({ device: gpu.device, adapter: gpu.adapter });
  counting.workspace = workspace;
  const model = createPyramidFlow(counting, { ...settingsFor(''), height: size, width: size });
  const trainer = new Trainer(model);
  counting.count = 0;
  trainer.gradients(Tensor.empty(counting, [2, 3, size, size], 'images'), true).free();
  trainer.optimizer.step().free();
  const { count } = counting;
  trainer.free();
  model.free();
  counting.memory.trim();
  return count;
}

test('with the workspace of hardware, a step takes at most 1,200 dispatches at any size', () => {
  const hardware = workspaceFor({
    software: false,
    limits: { ...gpu.adapter.limits, maxStorageBufferBindingSize: 2 ** 31 },
  });
  for (const size of [64, 128, 256, 512]) {
    const count = dispatchesOf(size, hardware);
    assert.ok(count <= 1200, `${size}: ${count}`);
  }
});

test('a small workspace takes more of them for larger images', () => {
  assert.ok(dispatchesOf(256, SMALL_WORKSPACE) > 2 * dispatchesOf(128, SMALL_WORKSPACE));
});

test('the workspace is small on software, and on hardware no more than it can bind', () => {
  const adapter = (software: boolean, mebibytes: number) => ({
    software,
    limits: { maxStorageBufferBindingSize: mebibytes * MIB },
  });
  assert.is(workspaceFor(adapter(true, 2048)), 16 * MIB);
  assert.is(workspaceFor(adapter(false, 2048)), 512 * MIB);
  assert.is(workspaceFor(adapter(false, 128)), 128 * MIB);
  assert.is(gpu.workspace, workspaceFor(gpu.adapter));
  assert.is(checkWorkspace(64 * MIB, adapter(false, 128)), 64 * MIB);
  for (const bytes of [0, -1, NaN, 129 * MIB, MIB / 2])
    assertThrows(() => checkWorkspace(bytes, adapter(false, 128)), 'UsageError', /workspace from 1048576 to/);
});

test.run();

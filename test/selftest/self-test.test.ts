import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runCheck } from '../../src/selftest/check';
import { CHECKS, checksFor } from '../../src/selftest/self-test';
import { gpu } from '../support/gpu';
import { kernelNames } from '../support/kernels';

test('every kernel has a check', () => {
  const covered = new Set(CHECKS.flatMap(({ kernels }) => kernels));
  assert.equal([...covered].sort(), kernelNames());
});

/** The kernels that `work` runs. */
async function kernelsRun(work: () => Promise<unknown>): Promise<Set<string>> {
  const names = new Set<string>();
  const run = gpu.run;
  gpu.run = (kernel, call) => {
    names.add(kernel.name);
    Reflect.apply(run, gpu, [kernel, call]);
  };
  await work().finally(() => (gpu.run = run));
  return names;
}

for (const check of checksFor(gpu.adapter)) {
  test(`${check.name} passes and runs the kernels that it names`, async () => {
    const used = await kernelsRun(async () => {
      const { passed, problem } = await runCheck(gpu, check);
      assert.ok(passed, problem);
    });
    assert.equal(
      check.kernels.filter((kernel) => !used.has(kernel)),
      [],
    );
  });
}

test('a wrong result is found, and said where', async () => {
  for (const [values, error] of [
    [[1, 2.1], 0.05],
    [[1, NaN], Infinity],
    [[1], Infinity],
  ] as const) {
    const wrong = { what: 'the sum', actual: values, expected: [1, 2] };
    const right = { what: 'another', actual: [3], expected: [3] };
    const check = { name: 'x', kernels: [], tolerance: 1e-3, run: () => [right, wrong, right] };
    const result = await runCheck(gpu, check);
    assert.not(result.passed);
    assert.ok(result.error === error || Math.abs(result.error! - error) < 1e-9, `${values}: ${result.error}`);
    assert.match(result.problem!, /^the sum is off/);
  }
});

test('a check that throws fails with its message', async () => {
  const check = {
    name: 'x',
    kernels: [],
    tolerance: 1,
    run: () => {
      throw new Error('no memory');
    },
  };
  assert.equal(await runCheck(gpu, check), {
    name: 'x',
    kernels: [],
    tolerance: 1,
    passed: false,
    problem: 'no memory',
  });
});

test.run();

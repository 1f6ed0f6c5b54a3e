import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestBrowser, callInPage } from '../support/browser';
import { runProgram } from '../support/child';
import { kernelNames } from '../support/kernels';
import { differences, distances, unitsApart } from './same-bits/compare';
import type { Report, Result } from './same-bits/result';

/**
 * How far two adapters may be apart, in units in the last place of the largest value of a result. WGSL lets one divide
 * within 2.5 units, take exp within 3 + 2|x| and fuse a product with a sum or not; a kernel's reductions pass on what
 * their terms have. Between lavapipe and SwiftShader 3 were measured for a kernel, 7 for a model, where some hundred
 * kernels follow each other.
 */
const [KERNEL_BOUND, MODEL_BOUND] = [8, 64];

const inNode = (environment: NodeJS.ProcessEnv) => runProgram<Report>('web/same-bits/run', environment);

const linux = process.platform === 'linux'; // elsewhere Dawn does not go through Vulkan
let swiftShader: Report | undefined; // Node's report

(linux ? test : test.skip)('a page and Node give the same bits on the same driver', async () => {
  const browser = await TestBrowser.launch();
  try {
    const [page, node] = await Promise.all([
      callInPage<Report>(browser, 'web/same-bits/run', 'run'),
      inNode({ VK_DRIVER_FILES: browser.swiftShader }),
    ]);
    swiftShader = node;
    for (const { adapter } of [page, node]) assert.match(adapter, /swiftshader/i);
    const found = differences(page, node);
    assert.is(found.length, 0, `${found.length} of ${page.results.length} results differ\n${found.join('\n')}`);
    const covered = new Set(page.results.map(({ kernel }) => kernel).filter(Boolean));
    assert.equal([...covered].sort(), kernelNames(), 'every kernel is among the workloads');
  } finally {
    await browser.close();
  }
});

(linux ? test : test.skip)('two adapters differ by no more than the bound', async () => {
  assert.ok(swiftShader, 'the workloads did not run on SwiftShader');
  const other = await inNode({});
  const { kernels, workloads } = distances(other, swiftShader);
  const listed = (group: Map<string, number>) =>
    [...group].filter(([, units]) => units > 0).map(([name, units]) => `${name} ${units.toFixed(1)}`);
  console.log(`note: ${other.adapter} and ${swiftShader.adapter}, largest difference in ULP of the largest value:`);
  console.log(`note: kernels: ${listed(kernels).join(', ') || 'none differs'}`);
  console.log(`note: models: ${listed(workloads).join(', ') || 'none differs'}`);
  for (const [group, bound] of [[kernels, KERNEL_BOUND], [workloads, MODEL_BOUND]] as const) {
    for (const [name, units] of group) assert.ok(units <= bound, `${name}: ${units} ULP, ${bound} are allowed`);
  }
});

const result = (values: ArrayLike<number>, dtype: Result['dtype'] = 'f32'): Result => ({
  workload: 'w',
  what: 'x',
  dtype,
  words: [...new Uint32Array((dtype === 'f32' ? Float32Array : Uint32Array).from(values).buffer)],
});
const report = (values: ArrayLike<number>): Report => ({ adapter: 'a', results: [result(values)] });

test('one bit is a difference, and so is the sign of zero', () => {
  assert.equal(differences(report([1, NaN, 0]), report([1, NaN, 0])), []);
  assert.match(differences(report([1, 2, 4]), report([1, 2 + 2 ** -22, 5]))[0], /^w: x: 2 of 3 words differ, first \[1\]/);
  assert.is(differences(report([0]), report([-0])).length, 1);
});

test('the distance is in units in the last place of the largest value', () => {
  assert.is(unitsApart(result([1, 7]), result([1 + 2 ** -20, 7])), 2);
  assert.is(unitsApart(result([1, 2 ** -30]), result([1, 2 ** -30 + 2 ** -50])), 2 ** -27);
  assert.is(unitsApart(result([0, -0]), result([-0, 0])), 0);
  assert.is(unitsApart(result([NaN, Infinity]), result([NaN, Infinity])), 0);
  assert.is(unitsApart(result([NaN]), result([1])), Infinity);
  assert.is(unitsApart(result([1]), result([Infinity])), Infinity);
  assert.is(unitsApart(result([0]), result([1])), Infinity);
  assert.is(unitsApart(result([7], 'u32'), result([8], 'u32')), Infinity);
});

test.run();

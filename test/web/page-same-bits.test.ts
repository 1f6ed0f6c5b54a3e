import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callInPage, TestBrowser } from '../support/browser';
import { runProgram } from '../support/child';
import { kernelNames } from '../support/kernels';
import { differences, distances, unitsApart } from './same-bits/compare';
import type { Report, Result } from './same-bits/result';

/**
 * How far two adapters may be apart, in units in the last place of the largest value of a result; in brackets what was
 * measured between lavapipe and SwiftShader.
 * - kernels (3): WGSL lets one divide within 2.5 units, take exp within 3 + 2|x| and fuse a product with a sum or not.
 * - inference (4 to 7): some hundred kernels follow each other.
 * - training (2 to 483): LeakyReLU and the maximum of four have gradients that jump; where two adapters round to
 *   different sides of a jump, a gradient changes by much more than rounding.
 */
const BOUNDS = { kernels: 8, inference: 64, training: 4096 };

const inNode = (environment: NodeJS.ProcessEnv) => runProgram<Report>('web/same-bits/run', environment);

const onLinux = process.platform === 'linux' ? test : test.skip; // elsewhere Dawn does not go through Vulkan

/** Kernels for adapters whose subgroups fit them. */
const FOR_SOME = '_subgroup';

let swiftShader: Report | undefined; // Node's report

onLinux('a page and Node give the same bits on the same driver', async () => {
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
    const ran = new Set(page.results.map(({ kernel }) => kernel));
    const missing = kernelNames().filter((name) => !ran.has(name) && !name.endsWith(FOR_SOME));
    assert.equal(missing, [], 'every kernel is among the workloads');
  } finally {
    await browser.close();
  }
});

onLinux('two adapters differ by no more than the bound', async () => {
  assert.ok(swiftShader, 'the workloads did not run on SwiftShader');
  const other = await inNode({});
  console.log(`note: ${other.adapter} and ${swiftShader.adapter}, largest difference in ULP of the largest value:`);
  const found = distances(other, swiftShader);
  for (const [kind, units] of Object.entries(found)) {
    const differing = [...units].filter(([, value]) => value > 0).map(([name, value]) => `${name} ${value.toFixed(1)}`);
    console.log(`note: ${kind}: ${differing.join(', ') || 'none'}; 0 in the other ${units.size - differing.length}`);
  }
  for (const [name, units] of found.kernels) assertWithin(name, units, BOUNDS.kernels);
  for (const [name, units] of found.workloads) {
    assertWithin(name, units, name === 'training' ? BOUNDS.training : BOUNDS.inference);
  }
});

const assertWithin = (name: string, units: number, bound: number) =>
  assert.ok(units <= bound, `${name}: ${units} ULP apart, ${bound} are allowed`);

const result = (values: ArrayLike<number>, dtype: Result['dtype'] = 'f32'): Result => ({
  workload: 'w',
  what: 'x',
  dtype,
  words: [...new Uint32Array((dtype === 'f32' ? Float32Array : Uint32Array).from(values).buffer)],
});
const report = (values: ArrayLike<number>): Report => ({ adapter: 'a', results: [result(values)] });

test('a single bit counts as a difference, and so does the sign of zero', () => {
  assert.equal(differences(report([1, NaN, 0]), report([1, NaN, 0])), []);
  const [found] = differences(report([1, 2, 4]), report([1, 2 + 2 ** -22, 5]));
  assert.match(found, /^w: x 1: 2 of 3 words differ, first \[1\]/);
  assert.is(differences(report([0]), report([-0])).length, 1);
  assert.is(differences(report([0]), report([0, 0])).length, 1);
  assert.is(differences(report([0]), { adapter: 'a', results: [] }).length, 1);
});

test('adapters are compared on the results that both have, by kernel and by workload', () => {
  const [by1, by2] = [1, 2].map((value) => ({ ...result([value]), kernel: 'k' }));
  const [a, b] = [
    [by1, by1, result([1])],
    [by1, by2, result([1 + 2 ** -23]), result([9])],
  ].map((results) => ({ adapter: 'a', results }));
  const { kernels, workloads } = distances(a, b);
  assert.equal([...kernels], [['k', 2 ** 23]]);
  assert.equal([...workloads], [['w', 1]]);
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

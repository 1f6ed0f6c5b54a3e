import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { measure } from '../../benchmarks/suite/measure';
import { rooflineEntries } from '../../benchmarks/suite/rooflines';
import { runSuite } from '../../benchmarks/suite/run';
import { suite } from '../../benchmarks/suite/suite';
import { hasSubgroupsOf8 } from '../../src/ops/conv/variants';
import { gpu } from '../support/gpu';
import { kernelNames } from '../support/kernels';
import { record, report } from './support';

const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync('benchmarks/schema.json', 'utf8')));

/** What of a report the schema refuses. */
function faults(made: unknown): string[] {
  validate(JSON.parse(JSON.stringify(made)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const about = { commit: 'test', runtime: { name: 'Dawn', version: '0', platform: 'test' }, toggles: [] };

test('two small entries are measured into a report that the schema takes', async () => {
  const phases = new Set<string>();
  const made = await measure(gpu, about, {
    quick: true,
    size: 64,
    filter: 'mean',
    onProgress: ({ phase }) => phases.add(phase),
  });
  assert.equal(faults(made), []);
  const measured = made.benchmarks.filter(({ group }) => group !== 'roofline');
  assert.ok(measured.length > 2);
  for (const { status, remark, name } of made.benchmarks) assert.is(status, 'ok', `${name}: ${remark}`);
  for (const { samples, time, check } of measured) {
    assert.ok(samples!.length >= 3 && samples!.every((ms) => ms > 0));
    assert.ok(time!.min <= time!.p10 && time!.p10 <= time!.median && time!.median <= time!.p90);
    assert.ok(check!.error <= check!.tolerance);
  }
  assert.ok(made.rooflines!.f32 > 0);
  assert.equal([...phases], ['compile and check', 'measure']);
});

test('every entry of a small suite is right', async () => {
  const wrong: string[] = [];
  const used = new Set<string>();
  const { run } = gpu;
  gpu.run = (kernel, call) => {
    used.add(kernel.name);
    Reflect.apply(run, gpu, [kernel, call]);
  };
  for (const entry of suite({ size: 64 }).filter(({ shape }) => !/512|448/.test(shape))) {
    const { benchmarks } = await runSuite(gpu, [entry], { timed: false });
    if (benchmarks[0].status !== 'ok') wrong.push(`${entry.name} (${entry.shape}): ${benchmarks[0].remark}`);
  }
  gpu.run = run;
  assert.equal(wrong, []);
  const suited = kernelNames().filter((name) => !name.endsWith('_subgroup') || hasSubgroupsOf8(gpu.adapter));
  assert.equal(
    suited.filter((name) => !used.has(name)),
    [],
  );
});

test('a wrong result is reported and not timed, and an entry that cannot run says why', async () => {
  const [entry] = rooflineEntries([]);
  const off = {
    ...entry,
    prepare: (inputs: never) => ({ ...entry.prepare(inputs), check: async () => ({ how: 'x', tolerance: 1, error: NaN }) }),
  };
  const failing = {
    ...entry,
    prepare() {
      throw new Error('no memory');
    },
  };
  const { benchmarks } = await runSuite(gpu, [off, failing]);
  assert.equal(
    benchmarks.map(({ status, samples }) => [status, samples]),
    [
      ['wrong', undefined],
      ['failed', undefined],
    ],
  );
  assert.match(benchmarks[1].remark!, 'no memory');
  assert.equal(faults(report(benchmarks)), []);
});

test('the schema refuses records that say too little or too much', () => {
  const good = record('a', [1, 2]);
  assert.equal(faults(report([good])), []);
  for (const bad of [
    { ...good, time: undefined },
    { ...good, extra: 1 },
    { ...good, status: 'wrong' },
    { ...good, clock: 'sun' },
  ]) {
    assert.ok(faults(report([bad as never])).length > 0, JSON.stringify(bad));
  }
  assert.ok(faults({ ...report([]), format: 'x' }).length > 0);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AdapterReport } from '../../src/gpu/device';
import { openChoices, validChoices } from '../../src/tuner/choices';
import { tune } from '../../src/tuner/tune';
import { gpu } from '../support/gpu';

const adapter = (subgroupSize: number): AdapterReport => ({ ...gpu.adapter, features: ['subgroups'], subgroupSize });

test('stored choices are taken where they still exist and the adapter can run them', () => {
  const stored = {
    'tile products': 'subgroup',
    'convolution 3x3': 'fft',
    'convolution 5x5': 'winograd',
    'convolution 7x7': 1,
    other: 'x',
  };
  assert.equal(
    [...validChoices(stored, adapter(8))],
    [
      ['tile products', 'subgroup'],
      ['convolution 3x3', 'fft'],
    ],
  );
  assert.equal([...validChoices(stored, adapter(32))], [['convolution 3x3', 'fft']]);
});

test('every choice is made among right results, and is in force afterwards', async () => {
  const heard: string[] = [];
  const results = await tune(gpu, { side: 16, samples: 3, onResult: ({ name }) => heard.push(name) });
  assert.equal(
    heard,
    openChoices(gpu.adapter).map(({ name }) => name),
  );
  assert.ok(heard.length > 0);
  for (const { name, options, chosen } of results) {
    assert.equal(
      options.filter(({ problem }) => problem),
      [],
      name,
    );
    const [fastest] = [...options].sort((a, b) => a.ms! - b.ms!);
    assert.is(chosen, fastest.option);
    assert.is(gpu.choices.get(name), chosen);
  }
});

test('a variant that gives wrong results is not chosen, however fast it is', async () => {
  const run = gpu.run;
  gpu.run = (kernel, call) => {
    if (kernel.name !== 'conv2d_direct') Reflect.apply(run, gpu, [kernel, call]);
  };
  try {
    const results = (await tune(gpu, { side: 16, samples: 3 })).filter(({ name }) => name.startsWith('convolution'));
    assert.ok(results.length > 0);
    for (const { options, chosen } of results) {
      assert.is(chosen, 'fft');
      assert.match(options.find(({ option }) => option === 'direct')!.problem!, /is off by/);
    }
  } finally {
    gpu.run = run;
  }
});

test.run();

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../src/core/safetensors';
import { writeSafetensors } from '../src/core/write-safetensors';
import { runCase } from './golden/run';
import { gpu } from './support/gpu';

const CASES = readdirSync('test/fixtures', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.safetensors'))
  .map((name) => join('test/fixtures', name))
  .sort();
const OPERATIONS = [
  ...['adam', 'anomaly_map', 'block', 'blur', 'compose', 'conv2d', 'decompose', 'down', 'encoder', 'fourier_loss'],
  ...['metrics', 'mix', 'preprocess', 'soft_clamp', 'train', 'up', 'volume_norm'],
];
const seen = new Set<string>();

for (const path of CASES) {
  test(`${path} is within its tolerances`, async () => {
    const { op, verdict } = await runCase(path, gpu);
    seen.add(op);
    assert.ok(verdict && verdict.ratio <= 1, `${verdict?.ratio} times the tolerance at ${verdict?.where}`);
  });
}

test('every operation has a case', () => assert.equal([...seen].sort(), OPERATIONS));

/** Runs a copy of a case that `change` has made another. */
async function runChanged(path: string, change: (text: Record<string, string>, data: Map<string, Float32Array>) => void) {
  const { tensors, metadata } = readSafetensors(readFileSync(path));
  const changed = { ...metadata };
  change(changed, new Map([...tensors].map(([name, { data }]) => [name, data as Float32Array])));
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  try {
    const copy = join(folder, 'case.safetensors');
    writeFileSync(copy, writeSafetensors(tensors, changed));
    return await runCase(copy, gpu);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const CLAMP = 'test/fixtures/golden/affine/soft_clamp.safetensors';
const TRAIN = 'test/fixtures/golden/flow/c4_L2_S1_k3_CVN.safetensors';

const CORRUPTIONS: readonly (readonly [path: string, tensor: string, where: RegExp, value: number])[] = [
  [CLAMP, 'out.y', /^out\.y\[7\]$/, 1.0001],
  [CLAMP, 'grad.x', /^grad\.x\[7\]$/, -3],
  [TRAIN, 'out.trained.blocks.0.conv1', /^out\.trained\.blocks\.0\.conv1\[7\]$/, 0.5],
];

for (const [path, tensor, where, value] of CORRUPTIONS) {
  test(`a wrong value in ${tensor} fails the case and is named`, async () => {
    const { verdict } = await runChanged(path, (_, data) => (data.get(tensor)![7] = value));
    assert.ok(verdict!.ratio > 1, `${verdict!.ratio}`);
    assert.match(verdict!.where, where);
  });
}

test('an unknown operation is reported, not passed', async () => {
  const result = await runChanged(CLAMP, (metadata) => {
    metadata.case = JSON.stringify({ ...JSON.parse(metadata.case), op: 'wavelet' });
  });
  assert.is(result.op, 'wavelet');
  assert.is(result.verdict, undefined);
});

test.run();

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PyramidFlowError } from '../src/core/errors';
import { openRuntime } from '../src/node/dawn';
import { type CaseResult, runCase } from '../test/golden/run';
import { main } from './support/main';

// Compares this machine's results with a folder of test vectors: `npm run test:golden -- DIR`.
main(async ([directory]) => {
  if (!directory)
    throw new PyramidFlowError('UsageError', 'no folder of test vectors was given', 'name one: npm run test:golden -- DIR');
  const gpu = await openRuntime();
  console.log(`adapter: ${gpu.adapter.description || gpu.adapter.device}`);
  const counts = { passed: 0, failed: 0 };
  const unknown = new Set<string>();
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((file) => file.endsWith('.safetensors')).sort()) {
    const { op, verdict } = await runCase(join(directory, name), gpu).catch(asFailure);
    if (!verdict) {
      unknown.add(op);
      continue;
    }
    const passed = verdict.ratio <= 1;
    counts[passed ? 'passed' : 'failed']++;
    console.log(`${verdict.ratio.toFixed(3).padStart(8)}  ${name}  ${verdict.where}${passed ? '' : '  FAILED'}`);
  }
  for (const op of unknown) console.log(`unknown operation: ${op}`);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
});

const asFailure = (error: Error): CaseResult => ({
  op: 'error',
  verdict: { ratio: Infinity, where: error.message.split('\n')[0] },
});

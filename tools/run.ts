import { PyramidFlowError } from '../src/core/errors';
import { main } from './support/main';
import { runProgram } from './support/program';

// Bundles one TypeScript file and runs it: `tsx tools/run.ts test/ops/blur.test.ts [argument...]`.
main(async ([file, ...args]) => {
  if (!file) throw new PyramidFlowError('UsageError', 'no file was given', 'name one, such as test/ops/blur.test.ts');
  process.exitCode = await runProgram(file, args);
});

import { PyramidFlowError } from '../src/errors';
import { files } from './support/files';
import { main } from './support/main';
import { runProgram } from './support/program';

// Runs one benchmark: `tsx tools/bench.ts convolution [argument...]` runs benchmarks/convolution.ts.
main(async ([name, ...args]) => {
  const programs = files('benchmarks', '.ts');
  const file = `benchmarks/${name}.ts`;
  if (!programs.includes(file)) {
    const names = programs.map((program) => program.slice('benchmarks/'.length, -'.ts'.length));
    throw new PyramidFlowError('UsageError', `no benchmark '${name ?? ''}'`, `use one of: ${names.join(', ')}`);
  }
  process.exitCode = await runProgram(file, args);
});

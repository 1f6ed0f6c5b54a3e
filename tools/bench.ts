import { PyramidFlowError } from '../src/core/errors';
import { bundleBenchmarkPage } from './support/benchmark-page';
import { main } from './support/main';
import { runProgram } from './support/program';

/** The programs of `npm run bench`, benchmarks/NAME.ts; without a name it is the whole suite. */
const PROGRAMS = ['run', 'compare', 'baselines', 'page', 'step', 'memory', 'overhead', 'conv'];

// Runs one benchmark: `tsx tools/bench.ts [name] [argument...]`.
main(async ([first = 'run', ...rest]) => {
  const [name, args] = first.startsWith('-') ? ['run', [first, ...rest]] : [first, rest];
  if (!PROGRAMS.includes(name)) {
    throw new PyramidFlowError('UsageError', `no benchmark '${name}'`, `use one of: ${PROGRAMS.join(', ')}`);
  }
  if (name === 'page') await bundleBenchmarkPage();
  process.exitCode = await runProgram(`benchmarks/${name}.ts`, args);
});

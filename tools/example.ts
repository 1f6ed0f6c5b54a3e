import { PyramidFlowError } from '../src/core/errors';
import { files } from './support/files';
import { main } from './support/main';
import { runProgram } from './support/program';

/** The programs in examples/flows, by name. */
const NAMES = files('examples/flows', '.ts')
  .map((file) => file.slice('examples/flows/'.length, -'.ts'.length))
  .filter((name) => name !== 'data');

// Runs an example in Node: `tsx tools/example.ts NAME`.
main(async ([name]) => {
  if (name === undefined || !NAMES.includes(name)) {
    throw new PyramidFlowError('UsageError', `no example '${name ?? ''}'`, `use one of: ${NAMES.join(', ')}`);
  }
  process.exitCode = await runProgram(`examples/flows/${name}.ts`, []);
});

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { PyramidFlowError } from '../src/core/errors';
import { ensureAdapter } from './setup/ensure-adapter';
import { ensureBrowser } from './setup/ensure-browser';
import { bundleBenchmarkPage } from './support/benchmark-page';
import { bundlePages, bundlePrograms } from './support/bundle';
import { bundleExamples } from './support/examples';
import { files } from './support/files';
import { lint } from './support/lint';
import { main } from './support/main';
import { type FileResult, runTestFile } from './support/test-file';
import { PARTS, partsOf } from './support/test-parts';
import { typeCheck } from './support/type-check';
import { bundleWeb } from './support/web';

// Two test files at a time keep two cores busy; more would only share the one GPU.
const PARALLEL = Math.min(2, availableParallelism());

/**
 * Sets up, checks, bundles and runs the test files whose path contains one of the filters (all without a filter), of one
 * part with `--part unit|gpu|browser`. A failed check or a missing browser fails the run, but the tests still run.
 */
main(async (args) => {
  const { values, positionals: filters } = parseArgs({
    args,
    options: { part: { type: 'string' } },
    allowPositionals: true,
  });
  const matching = files('test', '.test.ts').filter((file) => !filters.length || filters.some((f) => file.includes(f)));
  const parts = await partsOf(matching);
  const chosen = matching.filter((file) => !values.part || parts.get(file) === values.part);
  if (!chosen.length) {
    const remedy = `use a part of a path in test/, and for --part one of ${PARTS.join(', ')}`;
    throw new PyramidFlowError('UsageError', `no test matches ${args.join(' ')}`, remedy);
  }
  const needs = new Set(chosen.map((file) => parts.get(file)));
  if (needs.has('gpu') || needs.has('browser')) ensureAdapter();
  const broken: string[] = [];
  if (!lint()) broken.push('lint: run `npm run format`');
  if (!typeCheck()) broken.push('type check');
  const inBrowser = needs.has('browser');
  const browserError = inBrowser && errorOf(ensureBrowser);
  if (browserError) broken.push(`browser: ${browserError.message}`);
  const bundleError = await bundleAll(chosen, inBrowser).catch((error: Error) => error);
  if (bundleError) broken.push(`bundle: ${bundleError.message}`);
  summarise(bundleError ? [] : await runAll(chosen), broken);
});

function errorOf(work: () => void): Error | undefined {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
}

/** The test files; for those that drive a browser also what they load there, and the programs that they start. */
async function bundleAll(chosen: readonly string[], inBrowser: boolean): Promise<void> {
  if (!inBrowser) return bundlePrograms(chosen);
  await bundlePrograms([...chosen, ...files('test', '.program.ts')]);
  await bundlePages(files('test', '.page.ts'));
  await bundleWeb('dist');
  await bundleExamples();
  await bundleBenchmarkPage();
}

async function runAll(chosen: readonly string[]): Promise<FileResult[]> {
  const queue = [...chosen];
  const results: FileResult[] = [];
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const result = await runTestFile(file);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return results;
}

function report({ file, passed, seconds, problem, output }: FileResult): void {
  const time = `${seconds.toFixed(1)} s`;
  if (problem) console.log(`FAIL ${file} (${time}): ${problem}\n${output.trim().replace(/^/gm, '  | ')}`);
  else console.log([`ok   ${file} (${passed} passed, ${time})`, ...notesIn(output)].join('\n'));
}

/** Lines that a passing test wants printed, such as a measurement; uvu's dots may precede them. */
const notesIn = (output: string): string[] => Array.from(output.matchAll(/\bnote: (.*)/g), ([, note]) => `  | ${note}`);

/** CI reads the last line, so its form is fixed. A step that broke before the tests counts as failed. */
function summarise(results: readonly FileResult[], broken: readonly string[]): void {
  const total = (count: 'passed' | 'failed' | 'skipped') => results.reduce((sum, result) => sum + result[count], 0);
  const [passed, failed, skipped] = [total('passed'), total('failed') + broken.length, total('skipped')];
  for (const step of broken) console.log(`FAIL ${step}`);
  for (const { file, problem } of results) if (problem) console.log(`FAIL ${file}: ${problem}`);
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

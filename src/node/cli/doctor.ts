import type { Command } from 'commander';
import { PyramidFlowError } from '../../core/errors';
import { type AdapterReport, adapterName } from '../../gpu/device';
import type { CheckResult } from '../../selftest/check';
import { checksFor, selfTest } from '../../selftest/self-test';
import { DRIVER } from '../driver';
import { progressBar } from './progress';
import { EXIT, printResult, table, withRuntime } from './shared';

interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly adapter?: AdapterReport;
  readonly selfTest: readonly CheckResult[];
  /** what is missing or wrong, each with its remedy */
  readonly findings: readonly string[];
}

/** Optional features of adapters: what each is used for, and what happens without it. */
const FEATURES: Readonly<Record<string, { readonly use: string; readonly without: string }>> = {
  'timestamp-query': { use: 'benchmarks time single kernels', without: 'benchmarks cannot time single kernels' },
  subgroups: {
    use: 'convolutions on CPU drivers, where subgroups are 8 wide',
    without: 'convolutions use their plain kernels, with the same results',
  },
};

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show the GPU and its driver, and test every kernel on it')
    .option('--json', 'print the result as JSON')
    .action(doctor);
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
  const diagnosis = await diagnose();
  const healthy = diagnosis.adapter !== undefined && diagnosis.selfTest.every(({ passed }) => passed);
  if (!healthy) process.exitCode = EXIT.failed;
  printResult(json, { ...diagnosis, healthy }, () => describe(diagnosis));
}

async function diagnose(): Promise<Diagnosis> {
  const machine = { node: process.version, platform: `${process.platform} ${process.arch}` };
  try {
    return await withRuntime(async (gpu) => {
      const bar = progressBar('testing kernels');
      const { length } = checksFor(gpu.adapter);
      let done = 0;
      const results = await selfTest(gpu, ({ name }) => bar.update(++done, length, name)).finally(bar.stop);
      return { ...machine, adapter: gpu.adapter, selfTest: results, findings: findings(gpu.adapter, results) };
    });
  } catch (error) {
    if (!(error instanceof PyramidFlowError)) throw error;
    return { ...machine, selfTest: [], findings: [`${error.problem}: ${DRIVER}`] };
  }
}

function findings(adapter: AdapterReport, results: readonly CheckResult[]): string[] {
  const failed = results.filter(({ passed }) => !passed);
  return [
    ...(adapter.software ? [`no GPU was found, so the CPU computes: ${DRIVER}`] : []),
    ...Object.entries(FEATURES)
      .filter(([name]) => !adapter.features.includes(name))
      .map(([name, { without }]) => `the adapter has no ${name}: ${without}`),
    ...failed.map(({ name, kernels, problem }) => `${name} (${kernels.join(', ')}) gives wrong results: ${problem}`),
    ...(failed.length
      ? [`do not trust results of this adapter: update its driver, and report this if that does not help`]
      : []),
  ];
}

function describe({ node, platform, adapter, selfTest: results, findings: found }: Diagnosis): string {
  const machine = [['Node', `${node}, ${platform}`]];
  if (!adapter) return `${table(machine)}\n\n${found.map((finding) => `! ${finding}`).join('\n')}`;
  const facts = table([
    ...machine,
    ['adapter', `${adapterName(adapter)}${adapter.software ? ' (software: computes on the CPU)' : ''}`],
    ['vendor', [adapter.vendor, adapter.architecture, adapter.device].filter(Boolean).join(', ') || '-'],
    ...Object.entries(FEATURES).map(([name, { use }]) => [
      name,
      `${adapter.features.includes(name) ? 'yes' : 'no'} (${use})`,
    ]),
    ...Object.entries(adapter.limits).map(([name, value]) => [name, String(value)]),
  ]);
  const kernels = [...new Set(results.flatMap(({ kernels }) => kernels))].sort().map((kernel) => {
    const checks = results.filter((result) => result.kernels.includes(kernel));
    const state = checks.every(({ passed }) => passed) ? 'ok' : 'WRONG';
    return [kernel, state, `${worst(checks)} (${checks.map(({ name }) => name).join(', ')})`];
  });
  const remarks = found.length ? found.map((finding) => `! ${finding}`).join('\n') : 'no problems found';
  return `${facts}\n\n${table([['kernel', 'result', 'largest relative error'], ...kernels])}\n\n${remarks}`;
}

/** The largest relative error of some checks. */
function worst(checks: readonly CheckResult[]): string {
  const errors = checks.flatMap(({ error }) => error ?? []);
  const largest = Math.max(...errors);
  return errors.length === 0 ? '-' : largest === 0 ? '0' : largest.toExponential(1);
}

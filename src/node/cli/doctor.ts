import type { Command } from 'commander';
import { PyramidFlowError } from '../../core/errors';
import type { AdapterReport } from '../../gpu/device';
import type { CheckResult } from '../../selftest/check';
import { checksFor, selfTest } from '../../selftest/self-test';
import { progressBar } from './progress';
import { adapterName, EXIT, printResult, table, withRuntime } from './shared';

interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly adapter?: AdapterReport;
  readonly selfTest: readonly CheckResult[];
  /** what is missing or wrong, each with what to do about it */
  readonly findings: readonly string[];
}

/** Features of adapters that this program can use, and what is lost without them. */
const FEATURES: Readonly<Record<string, string>> = {
  'timestamp-query': 'benchmarks cannot time kernels',
  'shader-f16': 'nothing is lost today',
  subgroups: 'nothing is lost today',
};

/** Where to get a driver, by Node's name of the platform. */
const DRIVERS: Readonly<Record<string, string>> = {
  linux: `install the Vulkan driver of your GPU: NVIDIA's own, or for AMD and Intel Mesa 23.2 or newer
  (Debian, Ubuntu: the package mesa-vulkan-drivers). Where there is no GPU, that package computes on the CPU;
  from a checkout, \`npm run setup\` installs it`,
  darwin: 'Metal is part of macOS: update macOS',
  win32: 'install the current driver of your GPU: it brings Direct3D 12',
};

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at the GPU and its driver, and test every kernel on it')
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
  const driver = DRIVERS[process.platform] ?? 'install a driver with Vulkan, Metal or Direct3D 12';
  try {
    return await withRuntime(async (gpu) => {
      const bar = progressBar('testing kernels');
      const { length } = checksFor(gpu.adapter);
      let done = 0;
      const results = await selfTest(gpu, ({ name }) => bar.update(++done, length, name)).finally(bar.stop);
      return { ...machine, adapter: gpu.adapter, selfTest: results, findings: findings(gpu.adapter, results, driver) };
    });
  } catch (error) {
    if (!(error instanceof PyramidFlowError)) throw error;
    return { ...machine, selfTest: [], findings: [`${error.problem}: ${driver}`] };
  }
}

function findings(adapter: AdapterReport, results: readonly CheckResult[], driver: string): string[] {
  const failed = results.filter(({ passed }) => !passed);
  return [
    ...(adapter.software ? [`no GPU can be used, the CPU computes instead: ${driver}`] : []),
    ...Object.entries(FEATURES)
      .filter(([name]) => !adapter.features.includes(name))
      .map(([name, loss]) => `the adapter has no ${name}: ${loss}`),
    ...failed.map(({ name, kernels, problem }) => `${name} (${kernels.join(', ')}) is wrong: ${problem}`),
    ...(failed.length
      ? [`results of this adapter cannot be trusted: update its driver, and report this if that does not help`]
      : []),
  ];
}

function describe({ node, platform, adapter, selfTest: results, findings: found }: Diagnosis): string {
  const machine = [['Node', `${node}, ${platform}`]];
  if (!adapter) return `${table(machine)}\n\n${found.map((finding) => `! ${finding}`).join('\n')}`;
  const facts = table([
    ...machine,
    ['adapter', `${adapterName(adapter)}${adapter.software ? ' (software: it computes on the CPU)' : ''}`],
    ['vendor', [adapter.vendor, adapter.architecture, adapter.device].filter(Boolean).join(', ') || '-'],
    ...Object.keys(FEATURES).map((name) => [name, adapter.features.includes(name) ? 'yes' : 'no']),
    ...Object.entries(adapter.limits).map(([name, value]) => [name, String(value)]),
  ]);
  const kernels = [...new Set(results.flatMap(({ kernels }) => kernels))].sort().map((kernel) => {
    const checks = results.filter((result) => result.kernels.includes(kernel));
    const state = checks.every(({ passed }) => passed) ? 'ok' : 'WRONG';
    return [kernel, state, `${worst(checks)} (${checks.map(({ name }) => name).join(', ')})`];
  });
  const remarks = found.length ? found.map((finding) => `! ${finding}`).join('\n') : 'everything is in order';
  return `${facts}\n\n${table([['kernel', 'result', 'largest relative error'], ...kernels])}\n\n${remarks}`;
}

/** The largest relative error of some checks. */
function worst(checks: readonly CheckResult[]): string {
  const errors = checks.flatMap(({ error }) => error ?? []);
  const largest = Math.max(...errors);
  return errors.length === 0 ? '-' : largest === 0 ? '0' : largest.toExponential(1);
}

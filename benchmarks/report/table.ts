import { type AdapterReport, adapterName } from '../../src/gpu/device';
import type { Benchmark, Report } from '../suite/record';

/** A number in three significant digits, with an exponent only below 0.001. */
export function threeDigits(value: number | undefined): string {
  if (value === undefined) return '';
  if (value === 0) return '0';
  return value >= 1000 || value < 1e-3
    ? value >= 1000
      ? value.toFixed(0)
      : value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}

/** The columns of a table of records: heading, and a record's cell. All but the first two are numbers. */
export const COLUMNS: readonly (readonly [heading: string, cell: (benchmark: Benchmark) => string])[] = [
  ['what', ({ name }) => name],
  ['shape', ({ shape }) => shape],
  ['ms', ({ time }) => threeDigits(time?.median)],
  ['p10', ({ time }) => threeDigits(time?.p10)],
  ['p90', ({ time }) => threeDigits(time?.p90)],
  ['min', ({ time }) => threeDigits(time?.min)],
  ['MAD %', ({ time }) => (time ? ((100 * time.mad) / time.median).toFixed(1) : '')],
  ['GFLOP/s', ({ rates }) => threeDigits(rates?.gflops)],
  ['GB/s', ({ rates }) => threeDigits(rates?.bandwidth)],
  ['% of roof', ({ rates }) => (rates?.percent === undefined ? '' : rates.percent.toFixed(rates.percent < 10 ? 1 : 0))],
  ['bound', ({ rates }) => rates?.bound ?? ''],
  ['compile ms', ({ compile }) => (compile.pipelines ? compile.ms.toFixed(0) : '')],
  ['repeats', ({ repeats, samples }) => (repeats && samples ? `${repeats} x ${samples.length}` : '')],
];

/** The name of an adapter, and whether it is none but the CPU. */
export const adapterLine = (adapter: AdapterReport): string =>
  `${adapterName(adapter)}${adapter.software ? ' (software: the CPU computes)' : ''}`;

/** What a report is about, line by line. */
export function facts({ context, rooflines, benchmarks }: Report): [name: string, value: string][] {
  const { adapter, runtime, commit, date, settings, granularity, toggles } = context;
  const roofs = rooflines && [
    `${threeDigits(rooflines.f32)} GFLOP/s f32`,
    ...(rooflines.f16 ? [`${threeDigits(rooflines.f16)} GFLOP/s f16`] : []),
    ...rooflines.copies.map(({ bytes, rate }) => `${threeDigits(rate)} GB/s at ${bytes / 2 ** 20} MiB`),
  ];
  const clocks = (['gpu', 'wall'] as const)
    .filter((kind) => benchmarks.some(({ clock }) => clock === kind))
    .map((kind) => `${kind} (steps of ${granularity[kind] ?? '?'} ns)`);
  return [
    ['adapter', adapterLine(adapter)],
    ['WebGPU', `${runtime.name} ${runtime.version}, ${runtime.platform}`],
    ...(toggles.length ? [['toggles', toggles.join(', ')] as [string, string]] : []),
    ['commit', `${commit}, ${date}`],
    [
      'suite',
      `${settings.quick ? 'quick, ' : ''}images of ${settings.size} x ${settings.size}, ${settings.samples} samples of ${settings.least} ms or more, seed ${settings.seed}`,
    ],
    ['clocks', clocks.join(', ')],
    ['rooflines', roofs?.join(', ') ?? 'not measured'],
  ];
}

/** The lines below a table: what is wrong, and why an entry has fewer samples. */
export const remarks = ({ benchmarks }: Report): string[] =>
  benchmarks.flatMap(({ name, shape, status, remark }) =>
    remark ? [`${name} (${shape}): ${status === 'ok' ? '' : `${status}: `}${remark}`] : [],
  );

const rowsOf = ({ benchmarks }: Report): string[][] =>
  benchmarks.map((benchmark) => COLUMNS.map(([, cell]) => cell(benchmark)));

const headings = COLUMNS.map(([heading]) => heading);

/** For a terminal. */
export function textReport(report: Report): string {
  const about = facts(report).map(([name, value]) => `${name.padEnd(10)} ${value}`);
  return [...about, '', textTable(headings, rowsOf(report), 2), '', ...remarks(report).map((remark) => `! ${remark}`)]
    .join('\n')
    .trimEnd();
}

export function markdownReport(report: Report): string {
  const about = facts(report).map(([name, value]) => `- ${name}: ${value}`);
  const below = remarks(report).map((remark) => `- ${remark}`);
  return `${[...about, '', markdownTable(headings, rowsOf(report), 2), ...(below.length ? ['', ...below] : [])].join('\n')}\n`;
}

/** @param words the number of columns of words, which are aligned left; the numbers after them are aligned right */
export function textTable(heading: readonly string[], rows: readonly (readonly string[])[], words: number): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < words ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[], words: number): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), line(heading.map((_, column) => (column < words ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

import { type Comparison, tally } from '../report/compare';
import { distribution, ratioPlot, rooflineBars } from '../report/plot';
import { COLUMNS, facts, remarks } from '../report/table';
import type { Benchmark, Report } from '../suite/record';

// What the page shows: text as text nodes, drawings as SVG whose text is escaped.

/** The element with this id. */
export const element = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

export function showProblem(message: string): void {
  const place = element('problem');
  place.textContent = message;
  place.hidden = !message;
}

export function showReport(report: Report): void {
  element('report').hidden = false;
  element('comparison').hidden = true;
  element('facts').replaceChildren(...pairs(facts(report)));
  element('bars').innerHTML = rooflineBars(report.benchmarks, plotWidth());
  element('entries').replaceChildren(...report.benchmarks.map(entryOf));
  element('remarks').replaceChildren(...remarks(report).map((remark) => made('li', remark)));
}

export function showComparison(comparison: Comparison): void {
  element('comparison').hidden = false;
  element('tally').textContent = `${comparison.after}, against ${comparison.before}: ${tally(comparison)}.`;
  element('ratios').innerHTML = ratioPlot(comparison, plotWidth());
  element('differences').replaceChildren(...comparison.remarks.map((remark) => made('li', remark)));
}

/** Drawings are made as wide as they are shown, so that their text is as large as the page's. */
const plotWidth = (): number => Math.min(900, document.querySelector('main')!.clientWidth - 66);

/** Offers a file. */
export function save(name: string, text: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A row that opens: the figures, then all of them and the samples. */
function entryOf(benchmark: Benchmark): HTMLElement {
  const { name, shape, status, remark, check, clock } = benchmark;
  const cells = Object.fromEntries(COLUMNS.map(([heading, cell]) => [heading, cell(benchmark)]));
  const rate = cells['GFLOP/s'] ? `${cells['GFLOP/s']} GFLOP/s` : cells['GB/s'] && `${cells['GB/s']} GB/s`;
  const percent = cells['% of roof'] && `${cells['% of roof']} %`;
  const figures = status === 'ok' ? [`${cells.ms} ms`, rate, percent].filter(Boolean).join(' · ') : status;
  const details = made('details');
  details.classList.toggle('bad', status !== 'ok');
  const summary = made('summary');
  const title = made('span', name, 'name');
  title.append(made('span', ` ${shape}`, 'soft'));
  summary.append(title, made('span', figures, 'figures'));
  const all = Object.entries(cells)
    .slice(2)
    .filter(([, value]) => value) as [string, string][];
  const error = check
    ? [['error', `${check.error.toExponential(1)} of ${check.tolerance} allowed`] as [string, string]]
    : [];
  const list = made('dl');
  for (const [heading, value] of [...all, ...error, ['clock', clock] as [string, string]]) {
    const pair = made('div');
    pair.append(...pairs([[heading, value]]));
    list.append(pair);
  }
  const drawing = made('div');
  drawing.innerHTML = distribution(benchmark, plotWidth());
  details.append(
    summary,
    drawing,
    list,
    ...(remark ? [made('p', remark)] : []),
    ...(check ? [made('p', `Checked: ${check.how}.`, 'soft')] : []),
  );
  return details;
}

const pairs = (entries: readonly (readonly [string, string])[]): HTMLElement[] =>
  entries.flatMap(([name, value]) => [made('dt', name), made('dd', value)]);

function made(tag: string, text = '', kind = ''): HTMLElement {
  const node = document.createElement(tag);
  node.textContent = text;
  if (kind) node.className = kind;
  return node;
}

import { toCsv } from '../../src/core/csv';
import { shortNumber } from '../../src/core/numbers';
import { byId, download, html } from './dom';
import type { Inspector } from './inspector';
import { announce } from './notices';
import { type Label, type Part, type State, verdictOf } from './state';

const COLUMNS = ['file', 'score', 'threshold', 'verdict', 'label', 'ms'] as const; // of review.csv

/** The list of parts, a listbox: parts are chosen, labelled and removed by keyboard, and exported as a table. */
export class Review {
  private readonly list = byId('parts');
  private readonly rows = new Map<Part, HTMLElement>();
  private viewBefore?: 'overlay' | 'heat';

  /** Actions by `KeyboardEvent.key`; the page lists them below the list. */
  private readonly keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => this.step(1),
    ArrowUp: () => this.step(-1),
    Home: () => this.step(-Infinity),
    End: () => this.step(Infinity),
    g: () => this.label('good'),
    b: () => this.label('bad'),
    n: () => this.label(undefined),
    ' ': () => this.peek(),
    Delete: () => this.removeSelected(),
  };

  constructor(
    private readonly state: State,
    private readonly inspector: Inspector,
  ) {
    this.list.addEventListener('keydown', (event) => {
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : this.keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    for (const label of ['good', 'bad'] as const) byId(`label-${label}`).addEventListener('click', () => this.label(label));
    byId('clear').addEventListener('click', () => inspector.clear());
    byId('export').addEventListener('click', () => this.export());
    state.on(['parts', 'selected', 'threshold', 'detector'], () => this.show());
  }

  private step(by: number): void {
    const { parts, selected } = this.state.now;
    if (!parts.length) return;
    const at = Math.min(parts.length - 1, Math.max(0, parts.indexOf(selected!) + by));
    this.state.set({ selected: parts[at] });
    announce(this.describe(parts[at]));
  }

  private label(label: Label | undefined): void {
    const { selected } = this.state.now;
    if (!selected) return;
    selected.label = label;
    this.state.touch();
    announce(`${selected.name}: ${label ? `labelled ${label}` : 'no label'}`);
  }

  /** Switches to the image without its heat map, and back. */
  private peek(): void {
    const { view } = this.state.now;
    if (view !== 'image') this.viewBefore = view;
    this.state.set({ view: view === 'image' ? (this.viewBefore ?? 'overlay') : 'image' });
  }

  private removeSelected(): void {
    if (this.state.now.selected) this.inspector.remove(this.state.now.selected);
  }

  private export(): void {
    const { parts, threshold } = this.state.now;
    const rows = parts.map(({ name, score, label, ms }) => ({
      file: name,
      score,
      threshold,
      verdict: verdictOf(score, threshold),
      label,
      ms: ms && Math.round(ms),
    }));
    download('review.csv', new Blob([toCsv(COLUMNS, rows)], { type: 'text/csv' }));
    announce(`Exported ${rows.length} rows to review.csv`);
  }

  private show(): void {
    const { parts, selected, threshold } = this.state.now;
    const keep = new Set(parts);
    for (const [part, row] of this.rows) {
      if (keep.has(part)) continue;
      row.remove();
      this.rows.delete(part);
    }
    for (const part of parts) this.showRow(part, part === selected);
    if (selected) this.list.setAttribute('aria-activedescendant', rowId(selected));
    else this.list.removeAttribute('aria-activedescendant');
    const inspected = parts.filter(({ score }) => score !== undefined);
    const defective = inspected.filter(({ score }) => verdictOf(score, threshold) === 'defective').length;
    byId('counts').textContent = parts.length
      ? `${inspected.length} of ${parts.length} inspected · ${defective} defective`
      : '';
    byId('list-empty').hidden = parts.length > 0;
    for (const id of ['export', 'clear']) byId<HTMLButtonElement>(id).disabled = !parts.length;
    for (const label of ['good', 'bad'] as const) {
      const button = byId<HTMLButtonElement>(`label-${label}`);
      button.disabled = !selected;
      button.setAttribute('aria-pressed', String(selected?.label === label));
    }
  }

  private showRow(part: Part, selected: boolean): void {
    const { threshold, detector } = this.state.now;
    const row = this.rows.get(part) ?? this.addRow(part);
    const verdict = verdictOf(part.score, threshold);
    row.dataset.verdict = part.problem ? 'problem' : (verdict ?? 'none');
    row.dataset.label = part.label ?? '';
    const [, text, label] = row.children;
    text.children[1].textContent = part.problem
      ? 'cannot be read'
      : part.score === undefined
        ? detector
          ? 'waiting'
          : 'no model yet'
        : `${verdict ?? 'score'} ${shortNumber(part.score)}`;
    label.textContent = part.label ?? '';
    row.setAttribute('aria-label', this.describe(part));
    if (row.getAttribute('aria-selected') === String(selected)) return;
    row.setAttribute('aria-selected', String(selected));
    if (selected) this.reveal(row);
  }

  private addRow(part: Part): HTMLElement {
    const text = html(
      'span',
      { class: 'row-text' },
      html('span', { class: 'name' }, part.name),
      html('span', { class: 'row-verdict' }),
    );
    const row = html('li', { role: 'option', id: rowId(part) }, part.thumbnail, text, html('span', { class: 'row-label' }));
    row.addEventListener('click', () => this.state.set({ selected: part }));
    this.rows.set(part, row);
    this.list.append(row);
    return row;
  }

  /** Scrolls the list, not the page, to a row. */
  private reveal(row: HTMLElement): void {
    const { list } = this;
    const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
    if (top < list.scrollTop) list.scrollTop = top;
    else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  }

  private describe({ name, score, label, problem }: Part): string {
    const verdict = verdictOf(score, this.state.now.threshold);
    const found =
      problem ?? (score === undefined ? 'not inspected yet' : `${verdict ?? 'no verdict'}, score ${shortNumber(score)}`);
    return `${name}: ${found}${label ? `, labelled ${label}` : ''}`;
  }
}

const rowId = ({ id }: Part): string => `part-${id}`;

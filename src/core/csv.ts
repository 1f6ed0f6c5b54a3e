export type Cell = string | number | undefined;

/** Characters with which a formula of a spreadsheet may start. */
const FORMULA = /^[=+\-@\t\r\n]/;

/** Comma-separated values as in RFC 4180: a line of column names, then a line a row; undefined is an empty cell. */
export function toCsv<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Partial<Record<Column, Cell>>>[],
): string {
  return [csvLine(columns), ...rows.map((row) => csvLine(columns.map((column) => row[column])))].join('');
}

/**
 * One line of it. Text that a spreadsheet would evaluate gets a leading quote, as OWASP advises ("CSV Injection"):
 * names of files come from anywhere. Numbers stay numbers.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

function quoted(cell: Cell = ''): string {
  const text = typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

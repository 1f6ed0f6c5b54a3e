import { toCsv } from '../../src/core/csv';
import { type Part, verdictOf } from './state';

const COLUMNS = ['file', 'score', 'threshold', 'verdict', 'label', 'ms'] as const;

/** The review as a table: a part that was not inspected has neither score nor verdict. */
export function reviewCsv(parts: readonly Part[], threshold: number | undefined): string {
  const rows = parts.map(({ name, score, label, ms }) => ({
    file: name,
    score,
    threshold,
    verdict: verdictOf(score, threshold),
    label,
    ms: ms && Math.round(ms),
  }));
  return toCsv(COLUMNS, rows);
}

import { PyramidFlowError } from '../../src/core/errors';
import { FORMAT, type Report } from '../suite/record';

/** A report from its JSON text. Throws DataError for anything else; `npm test` holds what is written against schema.json. */
export function parseReport(text: string, where: string): Report {
  let report: Partial<Report> | undefined;
  try {
    report = JSON.parse(text) as Partial<Report>;
  } catch {
    report = undefined;
  }
  if (report?.format === FORMAT && report.context?.adapter && Array.isArray(report.benchmarks)) return report as Report;
  throw new PyramidFlowError('DataError', `${where} is no report of this benchmark (${FORMAT})`, 'give a JSON that `npm run bench` or its page wrote');
}

import { PyramidFlowError } from '../../src/core/errors';
import schema from '../schema.json';
import { FORMAT, type Report } from '../suite/record';
import { departure } from './schema-check';

/** Parses and validates the JSON text of a report. Throws DataError for anything else. */
export function parseReport(text: string, where: string): Report {
  const report = parse(text);
  const problem = departure(report, schema) ?? untimed(report as Report);
  if (problem === undefined) return report as Report;
  const remedy = 'give a JSON file that `npm run bench` or its page wrote';
  throw new PyramidFlowError('DataError', `${where} is not a report of this benchmark (${FORMAT}): ${problem}`, remedy);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The schema allows times of 0, of which no ratio can be computed. */
function untimed({ benchmarks }: Report): string | undefined {
  const at = benchmarks.findIndex(
    ({ status, samples, time }) => status === 'ok' && !(samples?.length && time!.median > 0 && Math.min(...samples) > 0),
  );
  return at < 0 ? undefined : `benchmarks.${at} was timed as ok and has no time`;
}

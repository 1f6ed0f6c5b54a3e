import { PyramidFlowError } from '../core/errors';

/** An untrusted threshold, or undefined for none. Throws UsageError for all but a finite number above 0. */
export function checkThreshold(value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && value > 0 && value < Infinity)) return value;
  const problem = `the threshold is ${typeof value === 'string' ? `the text '${value}'` : String(value)}, expected a finite number above 0`;
  throw new PyramidFlowError('UsageError', problem, 'give one, or undefined for no verdict', {
    details: { settings: ['threshold'] },
  });
}

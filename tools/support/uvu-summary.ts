/** How many tests of a file passed, failed and were skipped. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The counts that uvu prints last, or undefined where it printed none (the file crashed, or forgot `test.run()`). */
export function parseUvuSummary(output: string): TestCounts | undefined {
  const summaries = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)\n/gm)];
  const last = summaries.at(-1);
  if (!last) return undefined;
  const [total, passed, skipped] = last.slice(1).map(Number);
  return { passed, failed: total - passed, skipped };
}

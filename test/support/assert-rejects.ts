import * as assert from 'uvu/assert';
import type { ErrorCode } from '../../src/core/errors';

/** Asserts that `work` rejects, or throws, with this code and a message that matches. */
export async function assertRejects(work: () => unknown, code: ErrorCode, message: RegExp): Promise<void> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  assertError(error, code, message);
}

/** The same for a function that throws at once. */
export function assertThrows(work: () => unknown, code: ErrorCode, message: RegExp): void {
  let error: unknown;
  try {
    work();
  } catch (thrown) {
    error = thrown;
  }
  assertError(error, code, message);
}

function assertError(error: unknown, code: ErrorCode, message: RegExp): void {
  if (error === undefined) assert.unreachable(`did not fail with ${code}`);
  assert.is((error as Error).name, code, String(error));
  assert.match((error as Error).message, message);
}

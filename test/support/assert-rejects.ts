import * as assert from 'uvu/assert';
import type { ErrorCode } from '../../src/core/errors';

/** Asserts that `work` fails with this code and a message that matches. */
export async function assertRejects(work: () => unknown, code: ErrorCode, message: RegExp): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.is((error as Error).name, code, String(error));
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`did not fail with ${code}`);
}

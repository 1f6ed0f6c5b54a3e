import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { problemOf } from '../../tools/support/test-file';
import { parseUvuSummary } from '../../tools/support/uvu-summary';

const summary = (total: number, passed: number, skipped: number) =>
  `• •   (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n` +
  '  Duration:  1.00ms\n\n';

test('the counts are those of uvu', () => {
  assert.equal(parseUvuSummary(summary(12, 10, 3)), { passed: 10, failed: 2, skipped: 3 });
  assert.is(parseUvuSummary(''), undefined, 'a file without test.run() prints nothing');
  assert.is(parseUvuSummary('TypeError: x\n  Total: of nothing\n'), undefined);
});

test('only the last summary counts, not one that a test printed', () => {
  assert.equal(parseUvuSummary(summary(5, 5, 0) + summary(3, 2, 0)), { passed: 2, failed: 1, skipped: 0 });
});

const PASSED = { passed: 3, failed: 0, skipped: 0 };

test('a file passes when its tests passed and its process ended well', () => {
  assert.is(problemOf(PASSED, 0), undefined);
  assert.is(problemOf({ ...PASSED, skipped: 2 }, 0), undefined);
});

test('a file fails when a test failed, none ran, it crashed or hung', () => {
  assert.match(problemOf({ ...PASSED, failed: 2 }, 1)!, '2 of its tests failed');
  assert.match(problemOf({ passed: 0, failed: 0, skipped: 0 }, 0)!, 'no test');
  assert.match(problemOf(undefined, 0)!, 'test.run()');
  assert.match(problemOf(PASSED, 1)!, 'ended with 1');
  assert.match(problemOf(PASSED, 'SIGSEGV')!, 'SIGSEGV');
  assert.match(problemOf(undefined, 'SIGKILL')!, 'minutes');
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { abortable } from '../../src/web/abort';

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    (value) => `resolved: ${value}`,
    (error: Error) => error.message,
  );

test('without an abort the result or error of the work comes through', async () => {
  const { signal } = new AbortController();
  for (const given of [undefined, signal]) {
    assert.is(await abortable(Promise.resolve(3), given), 3);
    assert.is(await reasonOf(abortable(Promise.reject(new Error('broken')), given)), 'broken');
  }
});

test('an abort ends the waiting with its reason, also one before the start', async () => {
  const never = new Promise(() => undefined);
  const controller = new AbortController();
  const waiting = reasonOf(abortable(never, controller.signal));
  controller.abort(new Error('enough'));
  assert.is(await waiting, 'enough');
  assert.is(await reasonOf(abortable(never, controller.signal)), 'enough');
});

test('an error after the abort is ignored', async () => {
  let fail!: (error: Error) => void;
  const work = new Promise((_, reject) => (fail = reject));
  const waiting = reasonOf(abortable(work, AbortSignal.abort(new Error('enough'))));
  fail(new Error('late'));
  assert.is(await waiting, 'enough');
  await new Promise((resolve) => setTimeout(resolve)); // an unhandled rejection would end the process here
});

test.run();

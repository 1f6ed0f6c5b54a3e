import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Answer, Request } from '../../src/web/messages';
import { train } from '../../src/web/train';

const checkpoint = new ArrayBuffer(8);

/** A worker that trains at once on the first picture, and has something to say about it. */
class LosingWorker {
  onmessage: ((event: { data: Answer }) => void) | undefined;
  terminate(): void {}
  postMessage({ kind }: Request): void {
    const say = (answer: Answer) => queueMicrotask(() => this.onmessage?.({ data: answer }));
    if (kind === 'start') return say({ kind: 'ready' });
    say({ kind: 'warning', text: 'training diverges' });
    say({ kind: 'done', checkpoint });
  }
}

test('a warning of the worker reaches the page, and training goes on', async () => {
  Object.assign(globalThis, { Worker: LosingWorker });
  const warnings: string[] = [];
  const result = await train([new Blob()], { onWarning: (text) => warnings.push(text) });
  assert.is(result, checkpoint);
  assert.equal(warnings, ['training diverges']);
  assert.is(await train([new Blob()]), checkpoint, 'also where nobody listens');
});

test.run();

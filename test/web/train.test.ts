import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TrainAnswer, TrainRequest } from '../../src/web/train';
import { train } from '../../src/web/train';

const checkpoint = new ArrayBuffer(8);

/** A worker that trains at once on the first image, and has something to say about it. */
class LosingWorker {
  onmessage: ((event: { data: TrainAnswer }) => void) | undefined;
  terminate(): void {}
  postMessage({ kind }: TrainRequest): void {
    const say = (answer: TrainAnswer) => queueMicrotask(() => this.onmessage?.({ data: answer }));
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

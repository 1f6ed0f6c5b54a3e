import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { create } from 'webgpu';
import '../../src/node/dawn';
import type { PyramidFlowError } from '../../src/core/errors';
import { type TrainReply, type TrainRequest, train } from '../../src/web/train';

const checkpoint = new ArrayBuffer(8);

/** A worker that is done after the first image, and reports on the way. */
class TalkingWorker {
  onmessage: ((event: { data: TrainReply }) => void) | undefined;
  terminate(): void {}
  postMessage({ kind }: TrainRequest): void {
    const say = (reply: TrainReply) => queueMicrotask(() => this.onmessage?.({ data: reply }));
    if (kind === 'start') return say({ kind: 'ready' });
    say({ kind: 'notice', text: 'images are resized' });
    say({ kind: 'warning', text: 'training diverges' });
    say({ kind: 'done', checkpoint });
  }
}

test('notices and warnings of the worker reach the page, and training goes on', async () => {
  Object.assign(globalThis, { Worker: TalkingWorker });
  const heard: string[] = [];
  const result = await train([new Blob()], {
    onNotice: (text) => heard.push(text),
    onWarning: (text) => heard.push(text),
  });
  assert.is(result, checkpoint);
  assert.equal(heard, ['images are resized', 'training diverges']);
  assert.is(await train([new Blob()]), checkpoint, 'also where nobody listens');
});

/** The real worker, in this thread: what it posts is cloned as between threads. */
class LocalWorker {
  onmessage: ((event: { data: TrainReply }) => void) | undefined;
  private readonly worker = import('../../src/web/worker');
  terminate(): void {}
  async postMessage(request: TrainRequest): Promise<void> {
    await this.worker;
    const { self } = globalThis as unknown as { self: { onmessage(event: { data: TrainRequest }): void } };
    Object.assign(globalThis, { postMessage: (data: TrainReply) => this.onmessage?.({ data: structuredClone(data) }) });
    self.onmessage({ data: structuredClone(request) });
  }
}

test('an error of the worker arrives complete: code, problem, remedy and settings', async () => {
  const define = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, configurable: true });
  define('self', globalThis);
  define('Worker', LocalWorker);
  define('isSecureContext', true);
  define('location', { origin: 'https://example.com' });
  define('navigator', { userAgent: 'Chrome', gpu: create([]) });
  define('ImageData', class {});
  const image = Object.assign(new ImageData(1, 1), { data: new Uint8ClampedArray(4), height: 1, width: 1 });
  for (const [setting, options] of [
    ['epochs', { epochs: 0 }],
    ['size', { size: 0 }],
    ['size', { size: '64 by 64' }],
  ] as const) {
    const error: PyramidFlowError = await train([image], options).then(
      () => assert.unreachable(),
      (reason) => reason,
    );
    assert.is(error.code, 'UsageError');
    assert.match(error.problem, new RegExp(setting));
    assert.equal(error.details, { settings: [setting] });
    assert.ok(error.remedy);
  }
});

test.run();

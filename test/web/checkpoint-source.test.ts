import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeCheckpoint, writeMetadata, writeTensors } from '../../src/checkpoint/encode';
import { writeSafetensors } from '../../src/core/write-safetensors';
import { IMAGENET } from '../../src/ops/preprocess';
import { latentShape } from '../../src/pyramidflow/config';
import { elements } from '../../src/tensor/tensor';
import { loadCheckpoint } from '../../src/web/checkpoint-source';
import { assertRejects } from '../support/assert-rejects';
import { SMALL, trainedTensors } from '../support/small-weights';

const template = Array.from({ length: SMALL.levels }, (_, i) => new Float32Array(elements(latentShape(SMALL, i))));
const checkpoint = {
  config: SMALL,
  category: 'tile',
  normalization: IMAGENET,
  tensors: trainedTensors(),
  template,
  threshold: 0.5,
};
const bytes = (await encodeCheckpoint(checkpoint)).slice();

/** Serves the checkpoint as /good, half of it as /half, nothing else, and never ends /slow. */
const server = createServer(({ url }, response) => {
  if (url === '/slow') response.write('x');
  else if (url === '/good') response.end(bytes);
  else if (url === '/half') response.end(bytes.subarray(0, bytes.length / 2));
  else response.writeHead(404).end();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test.after(() => {
  server.closeAllConnections();
  server.close();
});

test('an address, a URL, bytes and a file give the same checkpoint', async () => {
  for (const source of [`${origin}/good`, new URL(`${origin}/good`), bytes.buffer, new Blob([bytes])]) {
    const loaded = await loadCheckpoint(source);
    assert.is(loaded.threshold, 0.5);
    assert.equal(await encodeCheckpoint(loaded), bytes);
  }
});

test('bytes may be changed after they were loaded', async () => {
  const own = bytes.slice();
  const loaded = await loadCheckpoint(own.buffer);
  own.fill(0);
  assert.equal(await encodeCheckpoint(loaded), bytes);
});

test('a file of an older version is loaded, with a notice that it has no checksum', async () => {
  const old = writeSafetensors(writeTensors(checkpoint), { format: 'pyramidflow-1', ...writeMetadata(checkpoint) });
  const notices: string[] = [];
  const onNotice = (text: string) => notices.push(text);
  const loaded = await loadCheckpoint(new File([old.slice()], 'old.safetensors'), { onNotice });
  assert.is(loaded.threshold, 0.5);
  assert.match(notices.join(), /^old\.safetensors has no checksum/);
  await loadCheckpoint(new Blob([bytes]), { onNotice });
  assert.is(notices.length, 1, 'a file with a checksum needs none');
});

test('an error names the source and the reason', async () => {
  await assertRejects(() => loadCheckpoint(`${origin}/none`), 'CheckpointError', /\/none cannot be read: .*404/);
  await assertRejects(() => loadCheckpoint(`${origin}/half`), 'CheckpointError', /\/half: /);
  await assertRejects(() => loadCheckpoint(new File(['text'], 'a.txt')), 'CheckpointError', /^a\.txt: /);
});

test('a signal stops a download and throws its own reason', async () => {
  const controller = new AbortController();
  const loading = loadCheckpoint(`${origin}/slow`, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await loading.then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, 'enough'),
  );
});

test.run();

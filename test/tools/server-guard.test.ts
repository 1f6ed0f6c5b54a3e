import { createServer, get, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { guarded } from '../../tools/support/server';

/** Answers a request by `answer`, under guard, and then one more by another that works: its status and text. */
async function twice(answer: RequestListener): Promise<[first: string, second: string]> {
  let asked = 0;
  const works: RequestListener = (_, response) => response.end('works');
  const server = createServer(guarded((...both) => (asked++ === 0 ? answer : works)(...both)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      get({ port, host: '127.0.0.1', agent: false }, (response) => {
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('error', () => undefined);
        response.on('close', () => resolve(`${response.statusCode} ${text}${response.complete ? '' : ' cut off'}`));
      }).on('error', () => resolve('cut off'));
    });
  const answers: [string, string] = [await ask(), await ask()];
  server.close();
  server.closeAllConnections();
  return answers;
}

const written = console.error;
test.before.each(() => {
  console.error = () => undefined;
});
test.after.each(() => {
  console.error = written;
});

test('an error in a handler is status 500 for that request alone', async () => {
  const fault = () => {
    throw new Error('planted');
  };
  assert.equal(await twice(fault), ['500 ', '200 works']);
});

test('after the header was sent the connection is closed', async () => {
  const answers = await twice((_, response) => {
    response.writeHead(200, { 'Content-Length': 5 }).write('ab');
    throw new Error('planted');
  });
  assert.match(answers[0], 'cut off');
  assert.is(answers[1], '200 works');
});

test('a file that stops being readable closes the connection', async () => {
  const answers = await twice((_, response) => {
    response.writeHead(200, { 'Content-Length': 5 });
    const source = new Readable({ read: () => void source.destroy(new Error('planted')) });
    source.pipe(response);
  });
  assert.match(answers[0], 'cut off');
  assert.is(answers[1], '200 works');
});

test('when a client disconnects, the file it was sent is closed', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const source = new Readable({ read: () => void source.push(Buffer.alloc(65_536)) });
  const sourceClosed = new Promise((resolve) => source.on('close', resolve));
  server.on(
    'request',
    guarded((_, response) => source.pipe(response)),
  );
  const { port } = server.address() as AddressInfo;
  get({ port, host: '127.0.0.1', agent: false }, (response) => response.once('data', () => response.destroy()));
  await sourceClosed; // a file that stayed open would let this wait for ever
  server.close();
});

test.run();

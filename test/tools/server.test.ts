import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LIMITS, type Server, serve } from '../../tools/support/server';
import { assertRejects } from '../support/assert-rejects';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
mkdirSync(join(folder, 'public'));
mkdirSync(join(folder, 'public-not'));
for (const name of ['secret.txt', 'public-not/secret.txt', 'public/index.html', 'public/a.js', 'public/b.safetensors'])
  writeFileSync(join(folder, name), `content of ${name}`);

const LARGE = 64 * 2 ** 20; // more than the sockets of both sides hold
writeFileSync(join(folder, 'public/large.bin'), '');
truncateSync(join(folder, 'public/large.bin'), LARGE);

let server: Server;
test.before(async () => {
  server = await serve({ public: join(folder, 'public'), late: join(folder, 'late') });
});
test.after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request whose path is sent as it is written, which fetch would tidy. */
function ask(path: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    request({ hostname, port, path, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

const open = (to: Server): Socket => connect(Number(new URL(to.url).port), '127.0.0.1').on('error', () => undefined);
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.on('close', () => resolve()));

/** All that the server answers to these bytes, until it closes. */
async function converse(bytes: string | Buffer, to = server): Promise<string> {
  const socket = open(to);
  let text = '';
  socket.setEncoding('latin1').on('data', (part) => (text += part));
  socket.write(bytes);
  await closed(socket);
  return text;
}

/** The text of a request after which the server closes the connection. */
const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, `Host: ${new URL(server.url).host}`, 'Connection: close', ...headers, '', ''].join('\r\n');

const serves = async () => assert.is((await ask('/public/a.js')).text, 'content of public/a.js');

for (const [path, type] of [
  ['/public/', 'text/html;charset=utf-8'],
  ['/public/index.html', 'text/html;charset=utf-8'],
  ['/public/a.js', 'text/javascript'],
  ['/public/b.safetensors', 'application/octet-stream'],
]) {
  test(`${path} comes as ${type}, isolated and under the policy`, async () => {
    const { status, headers, text } = await ask(path);
    assert.is(status, 200);
    assert.match(text, /^content of public/);
    assert.is(headers['content-type'], type);
    assert.is(headers['cross-origin-opener-policy'], 'same-origin');
    assert.is(headers['cross-origin-embedder-policy'], 'require-corp');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, "default-src 'self'");
    assert.not.match(policy, /unsafe|http|\*/);
  });
}

for (const path of [
  '/public/../secret.txt',
  '/public/%2e%2e/secret.txt',
  '/public/..%2fsecret.txt',
  '/public/..\\secret.txt',
  '/public/../public-not/secret.txt',
  '/public-not/secret.txt',
  '/public//../../secret.txt',
  '/../secret.txt',
  '/public/%00',
  '/public/%',
  '/public',
  '/missing/a.js',
]) {
  test(`${path} is not found`, async () => assert.is((await ask(path)).status, 404));
}

test('the root leads to the first folder', async () => {
  const { status, headers } = await ask('/');
  assert.equal([status, headers.location], [302, '/public/']);
});

test('files made later are served', async () => {
  assert.is((await ask('/late/a.js')).status, 404);
  mkdirSync(join(folder, 'late'));
  writeFileSync(join(folder, 'late/a.js'), 'late');
  assert.is((await ask('/late/a.js')).text, 'late');
});

test('only GET and HEAD are answered, and only under the names of this machine', async () => {
  assert.is((await ask('/public/a.js', { method: 'POST' })).status, 405);
  assert.equal(await ask('/public/a.js', { method: 'HEAD' }).then(({ status, text }) => [status, text]), [200, '']);
  assert.is((await ask('/public/a.js', { headers: { host: 'example.com' } })).status, 421);
  assert.is((await ask('/public/a.js', { headers: { host: `localhost:${new URL(server.url).port}` } })).status, 200);
});

for (const range of [
  ...['abc', '5-1', '-', '--', '999999999-', '0-99999999999999999999', '99999999999999999999-', '-0', '-5', '5--1', '-1-5'],
  ...['0-0,2-3', '0-0', '1e9-2e9', 'NaN-NaN', '0x5-0x1', ' 7 - 2 ', ''],
]) {
  test(`a request for the range '${range}' is answered with the whole file`, async () => {
    for (const header of [`bytes=${range}`, `lines=${range}`, range]) {
      const answer = await converse(get('/public/a.js', `Range: ${header}`));
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.match(answer, /content of public\/a\.js$/);
    }
  });
}

for (const path of [
  '/%ff',
  '/public/%ff',
  '/public/%00',
  '/public/..%2f..%2f',
  `/public/${'a'.repeat(9000)}`,
  `/${'/'.repeat(9000)}`,
]) {
  test(`${path.slice(0, 20)} of ${path.length} characters is not found`, async () => {
    assert.match(await converse(get(path)), /^HTTP\/1\.1 404 /);
    await serves();
  });
}

const REFUSED: readonly (readonly [what: string, status: number, bytes: () => string | Buffer])[] = [
  ['a header without end', 431, () => `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`],
  ['many headers', 431, () => get('/', ...Array.from({ length: 5000 }, (_, i) => `X-${i}: 1`))],
  ['no host', 400, () => 'GET / HTTP/1.1\r\n\r\n'],
  ['garbage', 400, () => '\0\x01\xff garbage \r\n\r\n'],
  ['a TLS hello', 400, () => Buffer.from('16030100c8010000c40303', 'hex')],
  ['two lengths', 400, () => get('/', 'Content-Length: 3', 'Content-Length: 4')],
  ['an unknown method', 400, () => 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a zero byte in a header', 400, () => get('/', 'X: a\0')],
];
for (const [what, status, bytes] of REFUSED) {
  test(`${what}: refused, and the next request is answered`, async () => {
    assert.match(await converse(bytes()), new RegExp(`^HTTP/1\\.1 ${status} `));
    await serves();
  });
}

test('a tunnel is not opened', async () => {
  assert.is(await converse('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'), '');
  assert.match(await converse(get('/public/a.js', 'Upgrade: websocket', 'Connection: close')), /^HTTP\/1\.1 200 /);
  await serves();
});

test('clients that disconnect in the middle of an answer do no harm', async () => {
  for (let round = 0; round < 20; round++) {
    const socket = open(server);
    socket.write(get('/public/large.bin'));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
  }
  await serves();
});

test('200 clients at a time are answered', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => converse(get('/public/a.js'))));
  for (const answer of answers) assert.match(answer, /content of public\/a\.js$/);
});

/** A server that waits only so long; nothing but the limit that is given is short. */
async function withLimit(limit: Partial<typeof LIMITS>, work: (impatient: Server) => Promise<void>): Promise<void> {
  const hour = 3_600_000;
  const none = { headers: hour, request: hour, idle: hour, keepAlive: hour, response: hour, interval: 10 };
  const impatient = await serve({ public: join(folder, 'public') }, 0, { ...none, ...limit });
  try {
    await work(impatient);
  } finally {
    await impatient.close();
  }
}

/** The beginning of a request after which the connection stays open. */
const begin = (to: Server, path: string, method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: ${new URL(to.url).host}\r\n`;

test('a client that does not finish its header is cut off', () =>
  withLimit({ headers: 20 }, async (to) => assert.match(await converse(begin(to, '/public/a.js'), to), /^HTTP\/1\.1 408 /)));

test('a client that does not finish its request is cut off', () =>
  withLimit({ headers: 20, request: 20 }, async (to) => {
    const unfinished = `${begin(to, '/public/a.js', 'POST')}Content-Length: 9\r\n\r\n123`;
    assert.match(await converse(unfinished, to), /^HTTP\/1\.1 405 [^]*HTTP\/1\.1 408 /);
  }));

test('a client that sends nothing is cut off', () =>
  withLimit({ idle: 20 }, async (to) => assert.is(await converse('', to), '')));

test('a connection without a further request is closed', () =>
  withLimit({ keepAlive: 20 }, async (to) => {
    assert.match(await converse(`${begin(to, '/public/a.js')}\r\n`, to), /content of public\/a\.js$/);
  }));

for (const limit of ['idle', 'response'] as const) {
  test(`a client that stops reading is cut off: ${limit}`, () =>
    withLimit({ [limit]: 200 }, async (to) => {
      const socket = open(to);
      socket.write(`${begin(to, '/public/large.bin')}\r\n`);
      await new Promise((resolve) => socket.once('readable', resolve));
      await new Promise((resolve) => setTimeout(resolve, 1000)); // timers of one process run in the order of their times
      let bytes = 0;
      socket.on('data', (part) => (bytes += part.length));
      await closed(socket);
      assert.ok(bytes < LARGE, `${bytes} bytes came all the same`);
    }));
}

test('no other interface listens', async () => {
  const { port } = new URL(server.url);
  const others = Object.values(networkInterfaces()).flatMap((list) => list!.map(({ address }) => address));
  for (const host of others.filter((address) => address !== '127.0.0.1')) {
    const answers = await new Promise((resolve) => {
      const socket = connect(Number(port), host, () => resolve(true)).on('error', () => resolve(false));
      socket.unref();
    });
    assert.not(answers, host);
  }
});

test('a port in use gives a clear error', () => {
  const port = Number(new URL(server.url).port);
  return assertRejects(() => serve({ public: folder }, port), 'UsageError', /is in use; name another port/);
});

test.run();

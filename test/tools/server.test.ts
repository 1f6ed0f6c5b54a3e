import { mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Server, serve } from '../../tools/support/server';
import { assertRejects } from '../support/assert-rejects';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
mkdirSync(join(folder, 'public'));
mkdirSync(join(folder, 'public-not'));
for (const name of ['secret.txt', 'public-not/secret.txt', 'public/index.html', 'public/a.js', 'public/b.safetensors'])
  writeFileSync(join(folder, name), `content of ${name}`);

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

test('what is made later is served', async () => {
  assert.is((await ask('/late/a.js')).status, 404);
  mkdirSync(join(folder, 'late'));
  writeFileSync(join(folder, 'late/a.js'), 'late');
  assert.is((await ask('/late/a.js')).text, 'late');
});

test('only reading is answered, and only under the names of this machine', async () => {
  assert.is((await ask('/public/a.js', { method: 'POST' })).status, 405);
  assert.equal(await ask('/public/a.js', { method: 'HEAD' }).then(({ status, text }) => [status, text]), [200, '']);
  assert.is((await ask('/public/a.js', { headers: { host: 'example.com' } })).status, 421);
  assert.is((await ask('/public/a.js', { headers: { host: `localhost:${new URL(server.url).port}` } })).status, 200);
});

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

test('a port in use is refused in words', () => {
  const port = Number(new URL(server.url).port);
  return assertRejects(() => serve({ public: folder }, port), 'UsageError', /is in use; name another port/);
});

test.run();

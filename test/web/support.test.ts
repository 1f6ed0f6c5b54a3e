import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Environment, explainSupport, supportError } from '../../src/web/support';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const LINUX = CHROME.replace('Windows NT 10.0; Win64; x64', 'X11; Linux x86_64');
const ANDROID = CHROME.replace('Windows NT 10.0; Win64; x64', 'Linux; Android 14; K');
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';

const gpuOf = (info?: object) => ({ requestAdapter: async () => info && { info } }) as unknown as GPU;
const page = (change: Partial<Environment>): Environment => ({
  secure: true,
  origin: 'https://example.com',
  userAgent: CHROME,
  ...change,
});

const LACKS: readonly (readonly [environment: Environment, sentence: RegExp])[] = [
  [page({ secure: false, origin: 'http://10.0.0.7' }), /insecure connection \(http:\/\/10\.0\.0\.7\).*https/],
  [page({}), /has no WebGPU.*update the browser to version 113/],
  [page({ userAgent: ANDROID }), /has no WebGPU.*121 on Android/],
  [page({ userAgent: LINUX }), /has no WebGPU.*chrome:\/\/flags/],
  [page({ userAgent: FIREFOX }), /has no WebGPU.*about:config/],
  [page({ userAgent: SAFARI }), /has no WebGPU.*Safari 26/],
  [page({ userAgent: 'NetSurf/3.10' }), /has no WebGPU.*use a current Chrome/],
  [page({ gpu: gpuOf() }), /found no GPU.*hardware.*chrome:\/\/gpu/],
  [page({ gpu: gpuOf(), userAgent: FIREFOX }), /found no GPU.*restart the browser\.$/],
];

for (const [environment, expected] of LACKS) {
  test(`a page without WebGPU is told why and what to do: ${expected}`, async () => {
    const { supported, sentence, adapter } = await explainSupport(environment);
    assert.not(supported);
    assert.is(adapter, undefined);
    assert.match(sentence, expected);
    assert.match(sentence, /^[A-Z][^\n]*\.$/);
    const error = await supportError(environment);
    assert.is(error?.code, 'DeviceError');
    assert.is(`${error!.message[0].toUpperCase()}${error!.message.slice(1)}.`, sentence);
  });
}

test('a page with WebGPU is told its adapter, as far as the browser names it', async () => {
  const gpu = gpuOf({ vendor: 'acme', architecture: 'mark-2', device: '', description: 'Acme 9000' });
  assert.equal(await explainSupport(page({ gpu })), {
    supported: true,
    sentence: 'WebGPU runs here on Acme 9000.',
    adapter: 'Acme 9000',
  });
  const silent = await explainSupport(page({ gpu: gpuOf({ vendor: '', architecture: '', device: '', description: '' }) }));
  assert.ok(silent.supported);
  assert.match(silent.sentence, /unnamed adapter/);
  assert.is(await supportError(page({ gpu })), undefined);
});

test.run();

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AdapterReport } from '../../../src/gpu/device';
import { readTuning, writeTuning } from '../../../src/node/files/tuning-file';
import { temporaryFolder } from '../../support/temporary';

const file = join(temporaryFolder(), 'cache', 'tuning.json');
process.env.PYRAMIDFLOW_TUNING = file;

const adapter = (description: string): AdapterReport => ({
  ...{ vendor: 'v', architecture: 'a', device: 'd', description },
  ...{ software: false, features: [], limits: {} },
});

test('without a file there are no choices', async () => assert.is((await readTuning(adapter('one'))).size, 0));

test('choices are kept by adapter and driver', async () => {
  await writeTuning(adapter('one'), new Map([['convolution 3x3', 'fft']]));
  assert.is(
    await writeTuning(
      adapter('two'),
      new Map([
        ['convolution 5x5', 'direct'],
        ['gone', 'x'],
      ]),
    ),
    file,
  );
  assert.equal([...(await readTuning(adapter('one')))], [['convolution 3x3', 'fft']]);
  assert.equal([...(await readTuning(adapter('two')))], [['convolution 5x5', 'direct']]);
  assert.is((await readTuning(adapter('three'))).size, 0);
});

test('a damaged file counts as missing, and the next tuning replaces it', async () => {
  for (const damaged of ['{', 'null', '[]', '7', '["x"]', '"x"', '{"v|a|d|one": 1, "v|a|d|two": null, "__proto__": []}']) {
    writeFileSync(file, damaged);
    assert.is((await readTuning(adapter('one'))).size, 0, damaged);
  }
  await writeTuning(adapter('one'), new Map([['convolution 3x3', 'direct']])); // and keeps nothing of it
  assert.equal(Object.keys(JSON.parse(readFileSync(file, 'utf8'))), ['v|a|d|one']);
});

test.run();

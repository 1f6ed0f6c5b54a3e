import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadDetector } from '../../src/node/load-detector';
import { assertRejects } from '../support/assert-rejects';
import { gpu } from '../support/gpu';
import { smallModelFile } from '../support/small-checkpoint';
import { temporaryFolder } from '../support/temporary';

const root = temporaryFolder();
const file = join(root, 'model.safetensors');
writeFileSync(file, await smallModelFile());

test('detectors share a device that outlives them, unless one is passed in', async () => {
  const [first, second, own] = [await loadDetector(file), await loadDetector(file), await loadDetector(file, { gpu })];
  assert.is(first.model.gpu, second.model.gpu);
  assert.is(own.model.gpu, gpu);
  first.dispose();
  const { height, width } = second.config;
  const image = { data: new Uint8Array(3 * height * width), height, width, channels: 3 };
  assert.is((await second.detect(image)).score, (await own.detect(image)).score);
  second.model.gpu.dispose();
  const next = await loadDetector(file);
  assert.is((await next.detect(image)).score, (await own.detect(image)).score, 'after the shared device was lost');
  for (const detector of [next, own]) detector.dispose();
  next.model.gpu.dispose();
});

test('a damaged file is refused', async () => {
  writeFileSync(join(root, 'damaged'), 'not a model');
  await assertRejects(() => loadDetector(join(root, 'damaged'), { gpu }), 'CheckpointError', /damaged/);
});

test.run();

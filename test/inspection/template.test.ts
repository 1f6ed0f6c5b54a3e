import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TemplateMean } from '../../src/inspection/template';
import { scope } from '../../src/tensor/scope';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';

const SHAPES = [
  [1, 3, 4, 6],
  [1, 3, 2, 3],
];
const latent = () => SHAPES.map((shape, i) => randomTensor(shape, `latent ${i}`));

for (const count of [1, 2, 7]) {
  test(`the template of ${count} images is the mean of their latents`, async () => {
    const latents = Array.from({ length: count }, latent);
    const values = await Promise.all(latents.map((levels) => Promise.all(levels.map((level) => level.read()))));
    const mean = new TemplateMean();
    for (const levels of latents) scope(() => mean.add(levels));
    const template = mean.result();
    for (const [i, level] of template.entries()) {
      const expected = values[0][i].map((_, at) => values.reduce((sum, levels) => sum + levels[i][at], 0) / count);
      assertClose(await level.read(), expected, 1e-6, `level ${i}`);
      assert.equal(level.shape, SHAPES[i]);
      assertClose(await latents[0][i].read(), values[0][i], 0, 'the first latent after');
    }
  });
}

test('memory holds one pyramid, whatever the number of images', () => {
  const levels = latent();
  const before = gpu.memory.use().live;
  const mean = new TemplateMean();
  for (let i = 0; i < 5; i++) scope(() => mean.add(levels));
  const own = gpu.memory.use().live - before;
  assert.is(own, 512 + 256);
  for (const level of mean.result()) level.free();
  assert.is(gpu.memory.use().live, before);
});

test('a template of no images is refused', () => {
  const isDataError = (error: Error) => error.name === 'DataError' && /no images/.test(error.message);
  assert.throws(() => new TemplateMean().result(), isDataError);
  const mean = new TemplateMean();
  mean.add(latent());
  mean.result();
  assert.throws(() => mean.result(), isDataError);
});

test.run();

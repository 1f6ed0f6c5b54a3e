import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import type { PyramidFlowConfig } from '../../src/pyramidflow/config';
import { initialTensors } from '../../src/pyramidflow/initialize';
import { tensorShapes } from '../../src/pyramidflow/tensors';
import { assertClose } from '../support/assert-close';
import { identity, mixingReference, product, transposed } from '../support/matrix';

const CONFIG: PyramidFlowConfig = { channels: 6, levels: 3, stacks: 2, kernel: 5, norm: 'CVN', height: 8, width: 12 };
const BLOCKS = ['mid0', 'up0', 'down1', 'mid0', 'up0', 'down1'];
const tensors = initialTensors(CONFIG, new Random(11));
const data = (name: string) => tensors.get(name)!.data;

test('a model is one stem and eight tensors a block, of the shapes of its kind', () => {
  const shapes = tensorShapes(CONFIG);
  assert.is(shapes.size, 1 + 8 * BLOCKS.length);
  assert.equal([...shapes.keys()], [...tensors.keys()]);
  const shape = (name: string) => shapes.get(name)!.shape;
  assert.equal(shape('stem.weight'), [6, 3, 1, 1]);
  assert.equal(shape('blocks.0.conv1'), [12, 12, 5, 5], 'mid: two levels condition it');
  assert.equal(shape('blocks.1.conv1'), [12, 6, 5, 5], 'up');
  assert.equal(shape('blocks.2.conv2'), [12, 12, 5, 5]);
  assert.equal(shape('blocks.0.running_mean'), [1, 1, 4, 6], 'at the size of the network');
  assert.equal(shape('blocks.1.running_mean'), [1, 1, 8, 12]);
  assert.equal(shape('blocks.2.running_mean'), [1, 1, 4, 6]);
  assert.equal(tensorShapes({ ...CONFIG, norm: 'SVN' }).get('blocks.0.running_mean')!.shape, [1, 6, 1, 1]);
  const trained = [...shapes].filter(([, entry]) => entry.trained).map(([name]) => name.replace(/^blocks\.\d\./, ''));
  assert.equal([...new Set(trained)].sort(), ['conv1', 'conv2', 'log_s', 'lower', 'upper']);
});

test('the default model has 1.413 million parameters', () => {
  const config: PyramidFlowConfig = {
    channels: 16,
    levels: 4,
    stacks: 4,
    kernel: 7,
    norm: 'CVN',
    height: 256,
    width: 256,
  };
  const sizes = [...tensorShapes(config).values()]
    .filter(({ trained }) => trained)
    .map(({ shape }) => shape.reduce((a, b) => a * b));
  assert.is(Math.round(sizes.reduce((a, b) => a + b) / 1e3), 1413);
});

test('the columns of the stem are orthonormal', () => {
  const stem = { rows: 6, columns: 3, data: Float64Array.from(data('stem.weight')) };
  assertClose(product(transposed(stem), stem).data, identity(3).data, 1e-6, 'stem');
});

for (const [i] of BLOCKS.entries()) {
  const named = (name: string) => data(`blocks.${i}.${name}`);

  test(`block ${i} starts as a rotation of channels`, () => {
    const lu = {
      perm: named('perm'),
      lower: named('lower'),
      logS: named('log_s'),
      upper: named('upper'),
      sign: named('sign'),
    };
    const w = mixingReference(lu);
    assertClose(product(transposed(w), w).data, identity(6).data, 3e-6, 'w^T w');
    assert.ok(named('sign').every((value) => Math.abs(value) === 1));
    assertClose(
      named('log_s').reduce((sum, value) => sum + value),
      0,
      1e-6,
      'log |det w|',
    );
    assert.ok(
      named('upper').every((value, at) => at % 6 > Math.floor(at / 6) || value === 0),
      'upper is strict',
    );
  });

  test(`block ${i} has a first convolution within PyTorch's bound, and a second of zeros`, () => {
    const bound = 1 / Math.sqrt(named('conv1').length / 12);
    const most = named('conv1').reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    assert.ok(most <= bound && most > 0.98 * bound, `${most} of ${bound}`);
    const mean = named('conv1').reduce((sum, value) => sum + value, 0) / named('conv1').length;
    assert.ok(Math.abs(mean) < 0.05 * bound, `${mean}`);
    assert.ok(named('conv2').every((value) => value === 0));
    assert.ok(named('running_mean').every((value) => value === 0));
  });
}

test('the seed decides everything', () => {
  const again = initialTensors(CONFIG, new Random(11));
  for (const [name, { data: values }] of again) assertClose(values, data(name), 0, name);
  const other = initialTensors(CONFIG, new Random(12));
  for (const name of ['stem.weight', 'blocks.0.conv1', 'blocks.5.lower'])
    assert.not.equal(other.get(name)!.data, data(name));
  assert.not.equal(data('blocks.0.conv1'), data('blocks.3.conv1'));
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { biasRelu, maxPool3 } from '../../src/ops/encoder-layers';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';

for (const shape of [
  [1, 1, 1, 1],
  [2, 3, 5, 7],
  [1, 5, 9, 16],
  [3, 64, 2, 3],
]) {
  for (const withResidual of [false, true]) {
    test(`biasRelu of [${shape}] ${withResidual ? 'with' : 'without'} a residual, in place`, async () => {
      const [x, residual] = [randomTensor(shape, 'x'), randomTensor(shape, 'residual')];
      const bias = randomTensor([shape[1]], 'bias');
      const [xs, biases, residuals] = [await x.read(), await bias.read(), await residual.read()];
      const expected = Float64Array.from(xs, (value, at) => {
        const channel = Math.floor(at / (shape[2] * shape[3])) % shape[1];
        return Math.max(0, value + biases[channel] + (withResidual ? residuals[at] : 0));
      });
      biasRelu(x, bias, withResidual ? residual : undefined);
      assertClose(await x.read(), expected, 1e-6, 'x');
      assertClose(await residual.read(), residuals, 0, 'residual after');
    });
  }
}

for (const shape of [
  [1, 1, 1, 1],
  [1, 1, 2, 2],
  [2, 3, 5, 8],
  [1, 2, 7, 1],
  [3, 2, 20, 17],
]) {
  test(`maxPool3 of [${shape}]: its border does not count, even where all values are negative`, async () => {
    const [n, c, height, width] = shape;
    const values = (await randomTensor(shape).read()).map((value) => value - 10);
    const [outHeight, outWidth] = [height, width].map((side) => Math.floor((side + 2 - 3) / 2) + 1);
    const expected = Float64Array.from({ length: n * c * outHeight * outWidth }, (_, at) => {
      const plane = Math.floor(at / (outHeight * outWidth));
      const [row, column] = [2 * (Math.floor(at / outWidth) % outHeight), 2 * (at % outWidth)];
      let best = -Infinity;
      for (let r = Math.max(0, row - 1); r <= Math.min(height - 1, row + 1); r++) {
        for (let k = Math.max(0, column - 1); k <= Math.min(width - 1, column + 1); k++) {
          best = Math.max(best, values[(plane * height + r) * width + k]);
        }
      }
      return best;
    });
    const y = maxPool3(Tensor.from(gpu, shape, values, 'x'));
    assert.equal(y.shape, [n, c, outHeight, outWidth]);
    assertClose(await y.read(), expected, 0, 'y');
  });
}

test('a bias or residual of another shape is refused', () => {
  const x = randomTensor([2, 3, 4, 5], 'x');
  assert.throws(() => biasRelu(x, randomTensor([4], 'b')), /b as \[3\], got \[4\]/);
  const bias = randomTensor([3], 'bias');
  assert.throws(() => biasRelu(x, bias, randomTensor([1, 3, 4, 5], 'r')), /r as \[2, 3, 4, 5\], got \[1, 3, 4, 5\]/);
});

test.run();

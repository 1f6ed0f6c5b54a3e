import { test } from 'uvu';
import { blurOp } from '../../src/ops/blur';
import { assertClose } from '../support/assert-close';
import { randomTensor } from '../support/gpu';

const ROW = [1, 4, 6, 4, 1].map((v) => v / 16);

/** The definition, in float64. */
function reference(x: Float32Array, planes: number, h: number, w: number): Float64Array {
  const at = (p: number, i: number, j: number) => (i < 0 || j < 0 || i >= h || j >= w ? 0 : x[(p * h + i) * w + j]);
  return Float64Array.from({ length: planes * h * w }, (_, index) => {
    const [p, i, j] = [Math.floor(index / (h * w)), Math.floor(index / w) % h, index % w];
    let sum = 0;
    for (let a = 0; a < 5; a++) for (let b = 0; b < 5; b++) sum += ROW[a] * ROW[b] * at(p, i + a - 2, j + b - 2);
    return sum;
  });
}

for (const [n, c, h, w] of [
  [1, 1, 1, 1],
  [2, 3, 7, 5],
  [1, 2, 2, 130],
  [3, 1, 65, 64],
]) {
  test(`blur ${n}x${c}x${h}x${w} and its gradient are the 5x5 binomial`, async () => {
    const x = randomTensor([n, c, h, w], 'x');
    const expected = reference(await x.read(), n * c, h, w);
    assertClose(await blurOp.forward({ x }, undefined).read(), expected, 1e-6, 'y');
    assertClose(await blurOp.backward(x, {}, undefined).x!().read(), expected, 1e-6, 'dx');
  });
}

test.run();

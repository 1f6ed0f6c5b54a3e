import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convolve, convolveGradInput, convolveGradients, convolveGradWeight } from '../../../src/ops/conv/convolve';
import { nearestOp } from '../../../src/ops/nearest';
import { Tensor } from '../../../src/tensor/tensor';
import { assertClose } from '../../support/assert-close';
import { gpu, randomTensor } from '../../support/gpu';

interface Case {
  n: number;
  ci: number;
  co: number;
  h: number;
  w: number;
  k: number;
  stride: number;
}

/** Calls `visit` with the flat index of x, of w and of y for every product in the definition of the convolution. */
function products({ n, ci, co, h, w, k, stride }: Case, visit: (x: number, w: number, y: number) => void): void {
  const [oh, ow] = [Math.ceil(h / stride), Math.ceil(w / stride)];
  const pad = (k - 1) / 2;
  for (let b = 0; b < n; b++)
    for (let o = 0; o < co; o++)
      for (let i = 0; i < ci; i++)
        for (let r = 0; r < oh; r++)
          for (let c = 0; c < ow; c++)
            for (let a = 0; a < k; a++)
              for (let d = 0; d < k; d++) {
                const [row, column] = [r * stride + a - pad, c * stride + d - pad];
                if (row < 0 || column < 0 || row >= h || column >= w) continue;
                visit(
                  ((b * ci + i) * h + row) * w + column,
                  ((o * ci + i) * k + a) * k + d,
                  ((b * co + o) * oh + r) * ow + c,
                );
              }
}

const CASES: Case[] = [
  { n: 1, ci: 1, co: 1, h: 1, w: 1, k: 7, stride: 1 },
  { n: 2, ci: 3, co: 5, h: 9, w: 13, k: 3, stride: 1 },
  { n: 1, ci: 5, co: 9, h: 7, w: 66, k: 5, stride: 1 },
  { n: 2, ci: 8, co: 6, h: 12, w: 10, k: 7, stride: 1 },
  { n: 1, ci: 2, co: 4, h: 23, w: 21, k: 9, stride: 1 },
  { n: 1, ci: 2, co: 3, h: 12, w: 35, k: 11, stride: 1 },
  { n: 3, ci: 16, co: 16, h: 6, w: 5, k: 1, stride: 1 },
  { n: 1, ci: 3, co: 16, h: 65, w: 3, k: 1, stride: 1 },
  { n: 2, ci: 3, co: 8, h: 20, w: 17, k: 7, stride: 2 },
  { n: 1, ci: 4, co: 10, h: 5, w: 8, k: 3, stride: 2 },
  { n: 1, ci: 4, co: 2, h: 7, w: 6, k: 1, stride: 2 },
];

/** Large tiles are tried with 7x7 alone, as software drivers compile them for seconds; conv2d-fft.test.ts has more of them. */
const chooseTile = (k: number) => gpu.choices.set('largest tile', k === 7 ? '32' : '16');

for (const shape of CASES) {
  const { n, ci, co, h, w, k, stride } = shape;
  const [oh, ow] = [Math.ceil(h / stride), Math.ceil(w / stride)];
  const tensors = () => ({
    x: randomTensor([n, ci, h, w], 'x'),
    weight: randomTensor([co, ci, k, k], 'w'),
    dy: randomTensor([n, co, oh, ow], 'dy'),
  });

  test(`conv2d ${ci}->${co} k${k} stride ${stride} on ${n}x${h}x${w}: forward and both gradients`, async () => {
    chooseTile(k);
    const { x, weight, dy } = tensors();
    const [xs, ws, dys] = [await x.read(), await weight.read(), await dy.read()];
    const y = new Float64Array(dy.size);
    const dx = new Float64Array(x.size);
    const dw = new Float64Array(weight.size);
    products(shape, (xi, wi, yi) => {
      y[yi] += xs[xi] * ws[wi];
      dx[xi] += dys[yi] * ws[wi];
      dw[wi] += dys[yi] * xs[xi];
    });
    const tolerance = (values: Float64Array) => 4e-6 * values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    assertClose(await convolve(x, weight, { stride }).read(), y, tolerance(y), 'y');
    assertClose(await convolveGradInput(dy, weight, h, w, { stride }).read(), dx, tolerance(dx), 'dx');
    assertClose(await convolveGradWeight(dy, x, k, { stride }).read(), dw, tolerance(dw), 'dw');

    const leaky = await convolve(x, weight, { stride, slope: 0.01 }).read();
    assertClose(
      leaky,
      y.map((v) => (v > 0 ? v : 0.01 * v)),
      tolerance(y),
      'leaky y',
    );
    if (stride > 1) return;
    const hidden = Tensor.from(gpu, x.shape, xs, 'h');
    const masked = convolveGradients(dy, hidden, weight, { throughLeaky: 0.01, addTo: weight.copy('w and dw') });
    assertClose(
      await masked.dw.read(),
      dw.map((v, i) => v + ws[i]),
      tolerance(dw),
      'dw added, beside masked dx',
    );
    assertClose(
      await hidden.read(),
      dx.map((v, i) => (xs[i] > 0 ? v : 0.01 * v)),
      tolerance(dx),
      'masked dx',
    );
  });
}

for (const [k, h, w] of [
  [3, 3, 5],
  [7, 4, 3],
  [7, 13, 9],
  [5, 13, 20],
  [11, 9, 11],
]) {
  test(`conv2d k${k} of ${h}x${w} enlarged twice equals that of the enlarged map, gradients too`, async () => {
    const [x, weight, dy] = [randomTensor([2, 3, h, w]), randomTensor([5, 3, k, k]), randomTensor([2, 5, 2 * h, 2 * w])];
    chooseTile(k);
    const large = nearestOp.forward({ x }, { height: 2 * h, width: 2 * w });
    const dLarge = convolveGradInput(dy, weight, 2 * h, 2 * w);
    const expected = [
      convolve(large, weight),
      nearestOp.backward(dLarge, { x }, { height: 2 * h, width: 2 * w }).x!(),
      convolveGradWeight(dy, large, k),
    ];
    const actual = [
      convolve(x, weight, { enlarge: 2 }),
      convolveGradInput(dy, weight, h, w, { enlarge: 2 }),
      convolveGradWeight(dy, x, k, { enlarge: 2 }),
    ];
    for (const [i, name] of ['y', 'dx', 'dw'].entries()) {
      const values = await expected[i].read();
      const tolerance = 4e-6 * values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
      assertClose(await actual[i].read(), values, tolerance, name);
    }
  });
}

test('what does not fit is refused with the numbers', () => {
  const x = randomTensor([1, 3, 4, 4], 'x');
  const refused = (shape: number[], stride: number) => {
    try {
      convolve(x, randomTensor(shape, 'w'), { stride });
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  };
  assert.match(refused([2, 4, 3, 3], 1), /x = x \[1, 3, 4, 4\] and w = w \[2, 4, 3, 3\] do not fit; let x have 4 channels/);
  assert.match(refused([2, 3, 4, 4], 1), /4x4 in w; use a square kernel of 1, 3, 5/);
  assert.match(refused([2, 3, 3, 3], 3), /stride 3; use stride 1 or 2/);
});

test.run();

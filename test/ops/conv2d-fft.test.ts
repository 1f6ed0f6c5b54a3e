import { test } from 'uvu';
import { fftConvForward, fftConvGradInput, fftConvGradWeight, fftConvGradients } from '../../src/ops/conv2d-fft';
import { type TileProducts, hasSubgroupsOf8 } from '../../src/ops/tile-variant';
import { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor } from '../support/gpu';

interface Case {
  n: number;
  ci: number;
  co: number;
  h: number;
  w: number;
  k: number;
}

/** The definition of y, dx and dw, in float64. */
function truth({ n, ci, co, h, w, k }: Case, x: Float32Array, weight: Float32Array, dy: Float32Array) {
  const [y, dx, dw] = [dy, x, weight].map(({ length }) => new Float64Array(length));
  const pad = (k - 1) / 2;
  for (let b = 0; b < n; b++) for (let o = 0; o < co; o++) for (let i = 0; i < ci; i++)
    for (let a = 0; a < k; a++) for (let d = 0; d < k; d++) {
      const tap = ((o * ci + i) * k + a) * k + d;
      for (let r = Math.max(0, pad - a); r < Math.min(h, h + pad - a); r++)
        for (let c = Math.max(0, pad - d); c < Math.min(w, w + pad - d); c++) {
          const from = ((b * ci + i) * h + r + a - pad) * w + c + d - pad;
          const to = ((b * co + o) * h + r) * w + c;
          y[to] += weight[tap] * x[from];
          dx[from] += weight[tap] * dy[to];
          dw[tap] += x[from] * dy[to];
        }
    }
  return { y, dx, dw };
}

/** The transforms round relative to the largest value of a tile, not to each value. */
const tolerance = (values: Float64Array) => 2e-6 * values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

const CASES: Case[] = [
  { n: 1, ci: 1, co: 1, h: 1, w: 1, k: 7 },
  { n: 1, ci: 1, co: 3, h: 3, w: 5, k: 11 },
  { n: 3, ci: 3, co: 6, h: 15, w: 29, k: 3 },
  { n: 2, ci: 6, co: 3, h: 24, w: 12, k: 5 },
  { n: 1, ci: 16, co: 33, h: 13, w: 31, k: 7 },
  { n: 2, ci: 33, co: 16, h: 20, w: 10, k: 7 },
  { n: 3, ci: 3, co: 1, h: 17, w: 8, k: 9 },
  { n: 1, ci: 6, co: 16, h: 7, w: 40, k: 11 },
  { n: 2, ci: 16, co: 16, h: 90, w: 100, k: 7 }, // several chunks of tiles
];

const PRODUCTS: readonly TileProducts[] = hasSubgroupsOf8(gpu.adapter) ? ['plain', 'subgroup'] : ['plain'];

for (const products of PRODUCTS) {
  for (const shape of CASES) {
    const { n, ci, co, h, w, k } = shape;
    test(`FFT convolution (${products}) ${ci}->${co} k${k} on ${n}x${h}x${w} and both gradients are the definition's`, async () => {
      gpu.choices.set('tile products', products);
      const x = randomTensor([n, ci, h, w], 'x');
      const weight = randomTensor([co, ci, k, k], 'w');
      const dy = randomTensor([n, co, h, w], 'dy');
      const xs = await x.read();
      const ws = await weight.read();
      const { y, dx, dw } = truth(shape, xs, ws, await dy.read());

      assertClose(await fftConvForward(x, weight).read(), y, tolerance(y), 'y');
      const dInput = Tensor.empty(gpu, x.shape, 'dx');
      fftConvGradInput(dy, weight, dInput);
      assertClose(await dInput.read(), dx, tolerance(dx), 'dx');
      assertClose(await fftConvGradWeight(dy, x, k).read(), dw, tolerance(dw), 'dw');

      const leaky = y.map((v) => (v > 0 ? v : 0.01 * v));
      assertClose(await fftConvForward(x, weight, { slope: 0.01 }).read(), leaky, tolerance(y), 'leaky y');

      for (const into of [undefined, x.copy('x and dx')]) {
        const both = fftConvGradients(dy, into ?? x, weight, { into });
        assertClose(await both.dx.read(), dx, tolerance(dx), 'dx beside dw');
        assertClose(await both.dw.read(), dw, tolerance(dw), 'dw beside dx');
      }
      const hidden = x.copy('h');
      const masked = fftConvGradients(dy, hidden, weight, { throughLeaky: 0.01, addTo: Tensor.from(gpu, weight.shape, ws, 'w and dw') });
      assertClose(await hidden.read(), dx.map((v, i) => (xs[i] > 0 ? v : 0.01 * v)), tolerance(dx), 'masked dx');
      assertClose(await masked.dw.read(), dw.map((v, i) => v + ws[i]), tolerance(dw), 'dw added, beside masked dx');
    });
  }
}

test.run();

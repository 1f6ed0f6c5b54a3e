import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fftConvForward, fftConvGradInput, fftConvGradients, fftConvGradWeight } from '../../../src/ops/conv/fft';
import { cutIntoTiles, TILES, type Tile } from '../../../src/ops/conv/tiles';
import { hasSubgroupsOf8, type TileProducts } from '../../../src/ops/conv/variants';
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
  workspace?: number;
}

/** The definition of y, dx and dw, in float64. */
function reference({ n, ci, co, h, w, k }: Case, x: Float32Array, weight: Float32Array, dy: Float32Array) {
  const [y, dx, dw] = [dy, x, weight].map(({ length }) => new Float64Array(length));
  const pad = (k - 1) / 2;
  for (let b = 0; b < n; b++)
    for (let o = 0; o < co; o++)
      for (let i = 0; i < ci; i++)
        for (let a = 0; a < k; a++)
          for (let d = 0; d < k; d++) {
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

const largest = (values: ArrayLike<number>) => Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** The transforms round relative to the largest value of a tile and of the weights, not to each value. */
const tolerance = (values: Float64Array, ...factors: ArrayLike<number>[]) =>
  2e-6 *
  Math.max(
    largest(values),
    factors.reduce((product, factor) => product * largest(factor), 1),
  );

const CASES: Case[] = [
  { n: 1, ci: 1, co: 1, h: 1, w: 1, k: 7 },
  { n: 1, ci: 1, co: 3, h: 3, w: 5, k: 11 },
  { n: 3, ci: 3, co: 6, h: 15, w: 29, k: 3 },
  { n: 2, ci: 6, co: 3, h: 24, w: 12, k: 5 },
  { n: 1, ci: 16, co: 33, h: 13, w: 31, k: 7 },
  { n: 2, ci: 33, co: 16, h: 20, w: 10, k: 7 },
  { n: 3, ci: 3, co: 1, h: 17, w: 8, k: 9 },
  { n: 1, ci: 6, co: 16, h: 7, w: 40, k: 11 },
  { n: 2, ci: 16, co: 16, h: 90, w: 100, k: 7, workspace: 2 ** 20 }, // several chunks of tiles
];

/** Which to try with large tiles too: software drivers compile them for seconds. */
const LARGE_KERNELS = [7];

const PRODUCTS: readonly TileProducts[] = hasSubgroupsOf8(gpu.adapter) ? ['plain', 'subgroup'] : ['plain'];

for (const [products, tile] of PRODUCTS.flatMap((kind) => TILES.map((side) => [kind, side] as const))) {
  for (const shape of CASES.filter(({ k }) => tile === 16 || LARGE_KERNELS.includes(k))) {
    const { n, ci, co, h, w, k, workspace } = shape;
    const options = { tile, workspace };
    test(`FFT convolution (${products}, tiles of ${tile}) ${ci}->${co} k${k} on ${n}x${h}x${w} and both gradients are the definition's`, async () => {
      gpu.choices.set('tile products', products);
      const x = randomTensor([n, ci, h, w], 'x');
      const weight = randomTensor([co, ci, k, k], 'w');
      const dy = randomTensor([n, co, h, w], 'dy');
      const xs = await x.read();
      const ws = await weight.read();
      const dys = await dy.read();
      const { y, dx, dw } = reference(shape, xs, ws, dys);
      const [yError, dxError, dwError] = [tolerance(y, xs, ws), tolerance(dx, dys, ws), tolerance(dw, dys, xs)];

      assertClose(await fftConvForward(x, weight, options).read(), y, yError, 'y');
      const dInput = Tensor.empty(gpu, x.shape, 'dx');
      fftConvGradInput(dy, weight, dInput, options);
      assertClose(await dInput.read(), dx, dxError, 'dx');
      assertClose(await fftConvGradWeight(dy, x, k, options).read(), dw, dwError, 'dw');

      const leaky = y.map((v) => (v > 0 ? v : 0.01 * v));
      assertClose(await fftConvForward(x, weight, { slope: 0.01, ...options }).read(), leaky, yError, 'leaky y');

      for (const into of [undefined, x.copy('x and dx')]) {
        const both = fftConvGradients(dy, into ?? x, weight, { into, ...options });
        assertClose(await both.dx.read(), dx, dxError, 'dx beside dw');
        assertClose(await both.dw.read(), dw, dwError, 'dw beside dx');
      }
      const [hidden, addTo] = [x.copy('h'), weight.copy('w and dw')];
      const masked = fftConvGradients(dy, hidden, weight, { throughLeaky: 0.01, addTo, ...options });
      assertClose(
        await hidden.read(),
        dx.map((v, i) => (xs[i] > 0 ? v : 0.01 * v)),
        dxError,
        'masked dx',
      );
      assertClose(
        await masked.dw.read(),
        dw.map((v, i) => v + ws[i]),
        dwError,
        'dw added, beside masked dx',
      );
    });
  }
}

test('large maps take large tiles, where the spectra of the weights fit', () => {
  const tileOf = (height: number, width: number, k: number, workspace = 16 * 2 ** 20, channels = 32, largest?: Tile) =>
    cutIntoTiles({ batch: 2, height, width, inputs: channels, outputs: channels }, k, { workspace, largest }).tile;
  assert.equal(
    [32, 64, 128, 256].map((side) => tileOf(side, side, 7)),
    [16, 16, 32, 32],
  );
  assert.equal(
    [2, 4, 8].map((mebibytes) => tileOf(256, 256, 7, mebibytes * 2 ** 20)),
    [16, 16, 32],
  );
  assert.is(tileOf(256, 256, 7, undefined, 128), 16); // 64 MiB of spectra
  assert.is(tileOf(24, 1000, 11), 32);
  assert.is(tileOf(256, 256, 7, undefined, 32, 16), 16);
  assert.is(tileOf(1, 1, 3), 16);
});

test.run();

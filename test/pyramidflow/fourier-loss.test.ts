import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fourierLossAndGradient, type LossAndGradient } from '../../src/pyramidflow/fourier-loss';
import type { Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { dft2, toComplex } from '../support/dft';
import { gpu, randomTensor } from '../support/gpu';
import { compose } from '../support/pyramid-reference';

/** A latent in float64 and its sizes. */
interface Latent {
  readonly levels: readonly Float64Array[];
  readonly n: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The loss by its definition, in the paper's order: differences, composition, channel mean, transform, magnitude. */
function reference({ levels, n, channels, height, width }: Latent, power: number): number {
  const pixels = height * width;
  let [total, pairs] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, pairs++) {
      const bands = levels.map((z, level) => {
        const item = z.length / n;
        const [a, b] = [z.subarray(i * item, (i + 1) * item), z.subarray(j * item, (j + 1) * item)];
        const data = a.map((value, at) => Math.abs(value - b[at]) ** power);
        return { data, height: height >> level, width: width >> level };
      });
      const composed = compose(bands).data;
      const mean = Float64Array.from({ length: pixels }, (_, p) => {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += composed[c * pixels + p];
        return sum / channels;
      });
      const spectrum = dft2(toComplex(mean), height, width, -1);
      for (let k = 0; k < pixels; k++) total += Math.hypot(spectrum[2 * k], spectrum[2 * k + 1]);
    }
  }
  return total / (pairs * pixels);
}

async function hostOf(latent: readonly Tensor[]): Promise<Latent> {
  const [n, channels, height, width] = latent[0].shape;
  const values = await Promise.all(latent.map((z) => z.read()));
  return { levels: values.map((v) => Float64Array.from(v)), n, channels, height, width };
}

function latentOf([n, channels, height, width]: readonly number[], levels: number): Tensor[] {
  return Array.from({ length: levels }, (_, i) => randomTensor([n, channels, height >> i, width >> i], `z${i}`));
}

/** The central difference of the loss at one value of one level. */
function slope(latent: Latent, level: number, at: number, power: number): number {
  const h = 1e-6;
  const moved = (by: number) => {
    const levels = latent.levels.map((z) => z.slice());
    levels[level][at] += by;
    return reference({ ...latent, levels }, power);
  };
  return (moved(h) - moved(-h)) / (2 * h);
}

const CASES: readonly (readonly [shape: readonly number[], levels: number])[] = [
  [[2, 1, 2, 2], 2],
  [[2, 3, 6, 10], 2],
  [[3, 2, 12, 4], 3],
  [[4, 1, 5, 7], 1],
  [[2, 2, 8, 24], 4],
  [[2, 1, 22, 26], 2],
];

for (const [shape, levels] of CASES) {
  for (const power of [1, 2] as const) {
    test(`[${shape}], ${levels} levels, power ${power}: the loss and its slopes`, async () => {
      const latent = latentOf(shape, levels);
      const host = await hostOf(latent);
      const { loss, gradients } = fourierLossAndGradient(latent, power);
      assert.equal(loss.shape, [1]);
      assertClose(await loss.read(), [reference(host, power)], { absolute: 0, relative: 2e-6 }, 'loss');
      for (const [level, gradient] of gradients.entries()) {
        assert.equal(gradient.shape, latent[level].shape);
        const found = await gradient.read();
        const stride = Math.max(1, Math.floor(found.length / 13)); // a spread of values; a full one would take minutes
        const chosen = found.filter((_, at) => at % stride === 0);
        const expected = Array.from(chosen, (_, k) => slope(host, level, k * stride, power));
        const largest = Math.max(...expected.map(Math.abs));
        assertClose(chosen, expected, 5e-6 * largest + 1e-7, `gradient of level ${level}`);
        assertClose(await latent[level].read(), host.levels[level], 0, `level ${level} after`);
      }
    });
  }
}

test('equal images have no loss, and its gradient is 0, not NaN', async () => {
  for (const power of [1, 2] as const) {
    const latent = latentOf([2, 2, 6, 10], 2);
    for (const z of latent) {
      const image = (await z.read()).slice(0, z.size / 2);
      z.write(Float32Array.from([...image, ...image]));
    }
    const { loss, gradients } = fourierLossAndGradient(latent, power);
    assertClose(await loss.read(), [0], 0, 'loss');
    for (const gradient of gradients) {
      assertClose(await gradient.read(), new Float32Array(gradient.size), 0, 'gradient');
    }
  }
});

test('magnitudes whose squares leave the range of float32 are right', async () => {
  for (const scale of [2 ** -70, 2 ** 70]) {
    const latent = latentOf([2, 1, 4, 4], 1);
    latent[0].write((await latent[0].read()).map((value) => value * scale));
    const expected = reference(await hostOf(latent), 1);
    const { loss } = fourierLossAndGradient(latent, 1);
    assertClose(await loss.read(), [expected], { absolute: 0, relative: 2e-6 }, `scale ${scale}`);
  }
});

test('nothing but the results stays in memory', () => {
  const latent = latentOf([3, 2, 12, 20], 3);
  const work = () => fourierLossAndGradient(latent, 2);
  const free = ({ loss, gradients }: LossAndGradient) => [loss, ...gradients].forEach((tensor) => tensor.free());
  free(work()); // twiddle tables stay
  const before = gpu.memory.use().live;
  free(work());
  assert.is(gpu.memory.use().live, before);
});

test('a single image is refused, and leaves nothing behind', () => {
  const latent = latentOf([1, 2, 8, 8], 2);
  const before = gpu.memory.use().live;
  assert.throws(() => fourierLossAndGradient(latent, 2), /batch of at least 2/);
  assert.is(gpu.memory.use().live, before);
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADAM_DEFAULTS, Adam, type AdamSettings } from '../../src/autograd/adam';
import { ParameterSet } from '../../src/autograd/parameters';
import { elements } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomValues } from '../support/gpu';

const SHAPES = { weight: [3, 7, 5], bias: [1], matrix: [9, 9] };
const STEPS = 12;

/** The algorithm in float64: clipping by the norm of all gradients together, L2 decay, bias-corrected moments. */
class ReferenceAdam {
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private steps = 0;

  constructor(
    readonly values: Float64Array,
    private readonly settings: AdamSettings,
  ) {
    this.first = new Float64Array(values.length);
    this.second = new Float64Array(values.length);
  }

  step(gradient: Float32Array): number {
    const { learningRate, betas, epsilon, weightDecay, clipNorm } = this.settings;
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    const clip = Math.min(1, clipNorm / (norm + 1e-6));
    this.steps++;
    for (const [i, value] of this.values.entries()) {
      const g = clip * gradient[i] + weightDecay * value;
      this.first[i] = betas[0] * this.first[i] + (1 - betas[0]) * g;
      this.second[i] = betas[1] * this.second[i] + (1 - betas[1]) * g * g;
      const [m, v] = [this.first[i] / (1 - betas[0] ** this.steps), this.second[i] / (1 - betas[1] ** this.steps)];
      this.values[i] -= (learningRate * m) / (Math.sqrt(v) + epsilon);
    }
    return norm;
  }
}

function randomSet() {
  const entries = Object.entries(SHAPES).map(([name, shape]) => ({ name, shape, data: randomValues(elements(shape)) }));
  return new ParameterSet(entries, gpu);
}

async function setGradients(set: ParameterSet, scale: number): Promise<Float32Array> {
  set.zeroGradients();
  for (const name of set.names) set.gradient(name).write(randomValues(set.get(name).size).map((v) => scale * v));
  return set.segments[0]!.gradients.read();
}

const SETTINGS: readonly (readonly [name: string, change: Partial<AdamSettings>, gradients: number])[] = [
  ['the defaults, clipping', {}, 10],
  ['the defaults, gradients too small to clip', {}, 1e-3],
  ['a large step and strong decay', { learningRate: 0.1, weightDecay: 0.5 }, 1],
  ['other decay rates', { betas: [0.9, 0.999], epsilon: 1e-8, clipNorm: 1e9 }, 1],
];

for (const [name, change, scale] of SETTINGS) {
  test(`${STEPS} steps are those of float64: ${name}`, async () => {
    const settings = { ...ADAM_DEFAULTS, ...change };
    const set = randomSet();
    const start = await set.segments[0]!.values.read();
    const reference = new ReferenceAdam(Float64Array.from(start), settings);
    const adam = new Adam(set, settings);
    for (let step = 0; step < STEPS; step++) {
      const gradient = await setGradients(set, scale);
      const [squaredNorm] = await adam.step().read();
      const norm = reference.step(gradient);
      assertClose(Math.sqrt(squaredNorm), norm, { absolute: 0, relative: 1e-6 }, 'norm');
    }
    const moved = (values: ArrayLike<number>) => Float64Array.from(start, (value, i) => values[i] - value);
    const expected = moved(reference.values);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.ok(largest > settings.learningRate, 'it has moved');
    assertClose(
      moved(await set.segments[0]!.values.read()),
      expected,
      1e-5 * largest + 1e-6,
      'how far the parameters moved',
    );
  });
}

for (const bad of [NaN, Infinity, -Infinity]) {
  test(`nothing moves where a gradient is ${bad}`, async () => {
    const set = randomSet();
    const adam = new Adam(set);
    await setGradients(set, 1);
    adam.step();
    const before = await Promise.all(
      [set.segments[0]!.values, adam.firstMoments[0]!, adam.secondMoments[0]!].map((tensor) => tensor.read()),
    );
    set.gradient('bias').write(Float32Array.of(bad));
    const [squaredNorm] = await adam.step().read();
    assert.not(Number.isFinite(squaredNorm));
    const after = await Promise.all(
      [set.segments[0]!.values, adam.firstMoments[0]!, adam.secondMoments[0]!].map((tensor) => tensor.read()),
    );
    after.forEach((values, i) => assertClose(values, before[i], 0, ['values', 'first moment', 'second moment'][i]));
  });
}

test('a restored optimizer goes on as the one it was read from', async () => {
  const [set, copy] = [randomSet(), randomSet()];
  const adam = new Adam(set);
  await setGradients(set, 1);
  adam.step();
  copy.segments[0]!.values.write(await set.segments[0]!.values.read());
  const other = new Adam(copy);
  other.restore(await adam.state());
  copy.segments[0]!.gradients.write(await setGradients(set, 1));
  for (const optimizer of [adam, other]) {
    optimizer.step();
  }
  assertClose(await copy.segments[0]!.values.read(), await set.segments[0]!.values.read(), 0, 'values');
  assert.throws(
    () => other.restore({ steps: 1, first: new Map(), second: new Map() }),
    (error: Error) => error.name === 'UsageError' && /weight/.test(error.message),
  );
});

test('its memory is given back', () => {
  const set = randomSet();
  const before = gpu.memory.use().live;
  new Adam(set).free();
  assert.is(gpu.memory.use().live, before);
});

test.run();

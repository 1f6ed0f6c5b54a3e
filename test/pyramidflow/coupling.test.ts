import { test } from 'uvu';
import { ParameterSet } from '../../src/autograd/parameters';
import { Tape } from '../../src/autograd/tape';
import { Random } from '../../src/core/random';
import { on, type Pass } from '../../src/flow/bijection';
import { ReversibleChain } from '../../src/flow/reversible';
import type { VolumeNorm } from '../../src/ops/volume-norm';
import { type BlockConfig, couplingLevels } from '../../src/pyramidflow/config';
import { LevelCoupling } from '../../src/pyramidflow/coupling';
import { elements, Tensor } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { gpu, randomTensor, randomValues } from '../support/gpu';

const BATCH = 2;
const CHANNELS = 3;
const KERNEL = 3;
const SIZES = [
  [12, 20],
  [6, 10],
  [3, 5],
] as const;
const BLOCKS: readonly BlockConfig[] = [
  { kind: 'up', start: 0 },
  { kind: 'down', start: 1 },
  { kind: 'mid', start: 0 },
];
const NORMS: readonly VolumeNorm[] = ['CVN', 'SVN'];

const levelShape = (level: number) => [BATCH, CHANNELS, ...SIZES[level]];

function couplingOf(block: BlockConfig, norm: VolumeNorm) {
  const { target, conditions, network } = couplingLevels(block);
  const coupling = new LevelCoupling({ norm, kernel: KERNEL, fine: network !== target, finest: network === 0 });
  const module = on(target, coupling, { given: conditions, prefix: 'block' });
  const initial = module.parameters!(
    SIZES.map((size) => [CHANNELS, ...size]),
    new Random(5),
  );
  const entries = Object.entries(initial).map(([name, { shape, trained }]) => {
    const scale = trained === false ? 1 : 1 / Math.sqrt(elements(shape.slice(1)));
    return { name: `block.${name}`, shape, trained, data: randomValues(elements(shape)).map((v) => scale * v) };
  });
  const set = new ParameterSet(entries, gpu);
  const runningMean = set.get('block.running_mean');
  const p = Object.fromEntries(Object.keys(initial).map((name) => [name, set.get(`block.${name}`)]));
  /** the log scale of every element */
  const logScale = (levels: readonly Tensor[], pass: Pass) =>
    coupling
      .transform(
        levels[target]!,
        p,
        conditions.map((i) => levels[i]!),
        pass,
      )
      .s();
  return { set, runningMean, logScale, chain: new ReversibleChain([module], set), target };
}

const randomLevels = () => SIZES.map((_, i) => randomTensor(levelShape(i), `level ${i}`));
const copies = (tensors: readonly Tensor[]) => tensors.map((tensor) => tensor.copy());
const zeros = () => SIZES.map((_, i) => Tensor.zeros(gpu, levelShape(i)));

async function allClose(
  actual: readonly Tensor[],
  expected: readonly Tensor[],
  tolerance: number,
  name: string,
): Promise<void> {
  for (const [i, tensor] of actual.entries()) {
    assertClose(
      await tensor.read(),
      await expected[i].read(),
      { absolute: tolerance, relative: tolerance },
      `${name}, level ${i}`,
    );
  }
}

for (const block of BLOCKS) {
  for (const norm of NORMS) {
    const { set, runningMean, logScale, chain, target } = couplingOf(block, norm);
    const name = `${block.kind}, ${norm}`;

    for (const training of [true, false]) {
      const pass: Pass = { training };
      test(`${name}: inverse and tape agree with forward, ${training ? 'training' : 'evaluation'}`, async () => {
        const input = randomLevels();
        const output = copies(input);
        chain.forward(output, pass);
        await allClose(chain.forwardOnTape(new Tape(), input, pass).levels, output, 1e-6, 'on a tape');
        chain.inverse(output, pass);
        await allClose(output, input, 2e-6, 'inverse');
      });

      test(`${name}: the log determinant is that of the map, ${training ? 'training' : 'evaluation'}`, async () => {
        const [low, high] = [randomLevels(), zeros()];
        const ones = Tensor.from(gpu, levelShape(target), new Float32Array(low[target].size).fill(1), 'ones');
        low.forEach((level, i) => i !== target && gpu.copy(level.slice, high[i].slice));
        low[target] = Tensor.zeros(gpu, levelShape(target));
        high[target] = ones; // the map is affine in the target, so its slope is what one more makes
        const s = await logScale(low, pass).read();
        const item = s.length / BATCH;
        const sums = Array.from({ length: BATCH }, (_, n) =>
          s.subarray(n * item, (n + 1) * item).reduce((a, b) => a + b, 0),
        );
        const logDet = Tensor.zeros(gpu, [BATCH]);
        chain.forward(low, pass, { logDet });
        chain.forward(high, pass);
        const [z0, z1] = [await low[target].read(), await high[target].read()];
        const slope = Float64Array.from(z1, (value, i) => Math.log(value - z0[i]));
        assertClose(s, slope, 4e-6, 'log scales');
        assertClose(await logDet.read(), sums, 1e-4, 'log determinant');
      });
    }

    test(`${name}: the gradients of the reversible and of the plain way are the same`, async () => {
      const [input, seeds] = [randomLevels(), randomLevels()];
      const tape = new Tape();
      tape.watch(...input);
      const { levels: output } = chain.forwardOnTape(tape, input, { training: true });
      const found = tape.backward(output.map((level, i) => [level, seeds[i].copy()]));
      const expected = input.map((level, i) => found.get(level) ?? seeds[i]);
      const dWeights = set.names.map((parameter) => found.get(set.get(parameter))!);

      set.zeroGradients();
      const levels = copies(input);
      chain.forward(levels, { training: true });
      chain.backward(levels, seeds);
      await allClose(levels, input, 2e-6, 'rebuilt input');
      await allClose(seeds, expected, 1e-5, 'd input');
      await allClose(
        set.names.map((parameter) => set.gradient(parameter)),
        dWeights,
        1e-5,
        'd weights',
      );
    });

    test(`${name}: running means move by a tenth of the way, and only when asked to`, async () => {
      const levels = randomLevels();
      const before = await runningMean.read();
      chain.forward(copies(levels), { training: true });
      chain.forward(copies(levels), { training: false });
      assertClose(await runningMean.read(), before, 0, 'not asked to');
      const moved: Float32Array[] = [];
      for (const way of ['in place', 'on a tape'] as const) {
        runningMean.write(before);
        if (way === 'in place') chain.forward(copies(levels), { training: true, updateRunningMeans: true });
        else chain.forwardOnTape(new Tape(), levels, { training: true, updateRunningMeans: true });
        moved.push(await runningMean.read());
      }
      assertClose(moved[1], moved[0], 1e-6, 'on a tape');
      // With the running mean at the batch's own, evaluation is training.
      runningMean.write(moved[0].map((value, i) => 10 * value - 9 * before[i]));
      const [training, evaluation] = [copies(levels), copies(levels)];
      chain.forward(training, { training: true });
      chain.forward(evaluation, { training: false });
      await allClose(evaluation, training, 1e-5, 'with the own mean');
    });
  }
}

test.run();

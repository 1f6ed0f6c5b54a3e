import { parseArgs } from 'node:util';
import { PyramidFlowError } from '../src/core/errors';
import { median } from '../src/core/statistics';
import type { WorkCount } from '../src/gpu/runtime';
import { DispatchTimer } from '../src/gpu/timer';
import { workspaceFor } from '../src/gpu/workspace';
import { openRuntime } from '../src/node/dawn';
import type { PyramidFlowConfig } from '../src/pyramidflow/config';
import { createPyramidFlow } from '../src/pyramidflow/initialize';
import type { MemoryMode } from '../src/pyramidflow/settings';
import type { Tensor } from '../src/tensor/tensor';
import { Trainer } from '../src/training/step';
import { torchSteps } from './baselines/torch-step';
import { mebibytes, randomImages } from './node/common';
import { adapterLine } from './report/table';

// What a training step does and how long it takes: work of the first steps, wall time in both memory modes, GPU time by
// kernel, and PyTorch's time for the same. Options: --size 128 --channels 16 --levels 4 --stacks 4 --kernel 7 --batch 2 --repeats 3
// --norm SVN --without-torch, --budget software|hardware (of memory for intermediate results; default that of the adapter), --count
// (prints what the third step does, and no times)

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '128' },
    channels: { type: 'string', default: '16' },
    levels: { type: 'string', default: '4' },
    stacks: { type: 'string', default: '4' },
    kernel: { type: 'string', default: '7' },
    batch: { type: 'string', default: '2' },
    repeats: { type: 'string', default: '3' },
    norm: { type: 'string', default: 'SVN' },
    'without-torch': { type: 'boolean', default: false },
    budget: { type: 'string' },
    count: { type: 'boolean', default: false },
  },
});
const [size, channels, levels, stacks, kernel, batch, repeats] = (
  ['size', 'channels', 'levels', 'stacks', 'kernel', 'batch', 'repeats'] as const
).map((name) => Number(values[name]));
const norm = values.norm as PyramidFlowConfig['norm'];
const config: PyramidFlowConfig = { channels, levels, stacks, kernel, norm, height: size, width: size };
const COUNTED: readonly (keyof WorkCount)[] = ['dispatches', 'passes', 'submits', 'bindGroups', 'pipelines'];
const COUNTED_STEPS = 4;
const WORDS: Readonly<Record<string, string>> = { bindGroups: 'bind groups' };

const gpu = await openRuntime();
if (values.budget) gpu.workspace = budget(values.budget);
if (values.count) {
  await count();
  process.exit();
}
console.log(`adapter: ${adapterLine(gpu.adapter)}`);
console.log(`${size} x ${size}, C ${channels}, L ${levels}, S ${stacks}, k ${kernel}, ${norm}, batch ${batch}\n`);
const images = randomImages(gpu, [batch, 3, size, size]);
const reversible = await measure('reversible', images);
const plain = await measure('plain', images);
const [whole, kept, ratio] = [reversible.toFixed(0), plain.toFixed(0), (reversible / plain).toFixed(2)];
console.log(`\nmedian of ${repeats} steps: reversible ${whole} ms, plain ${kept} ms, ratio ${ratio}`);
await timeKernels(images);
if (!values['without-torch']) await timeTorch(images);
gpu.dispose();

/** The workspace of a kind of adapter. */
function budget(kind: string): number {
  if (kind !== 'software' && kind !== 'hardware') {
    throw new PyramidFlowError('UsageError', `there is no budget '${kind}'`, 'use software or hardware');
  }
  return workspaceFor({ software: kind === 'software', limits: gpu.adapter.limits });
}

/** Prints what the third step does. */
async function count(): Promise<void> {
  const trainer = new Trainer(createPyramidFlow(gpu, config));
  const input = randomImages(gpu, [batch, 3, size, size]);
  for (let step = 0; step < 2; step++) await trainer.step(input);
  const before = gpu.counts();
  await trainer.step(input);
  const after = gpu.counts();
  const made = COUNTED.map((name) => `${WORDS[name] ?? name} ${after[name] - before[name]}`);
  console.log(`${made.join(', ')}, workspace ${gpu.workspace / 2 ** 20} MiB`);
}

/** Prints the work of the first steps, then returns the median time of further ones, in ms. */
async function measure(memory: MemoryMode, input: Tensor): Promise<number> {
  const model = createPyramidFlow(gpu, config);
  const trainer = new Trainer(model, { memory });
  await gpu.finish();
  console.log(`${memory.padEnd(12)}${COUNTED.map((name) => name.padStart(11)).join('')}         ms`);
  for (let step = 1; step <= COUNTED_STEPS; step++) {
    const before = gpu.counts();
    const ms = await timeStep(trainer, input);
    const after = gpu.counts();
    const made = COUNTED.map((name) => String(after[name] - before[name]).padStart(11));
    console.log(`  step ${step}    ${made.join('')}${ms.toFixed(0).padStart(11)}`);
  }
  const times: number[] = [];
  for (let step = 0; step < repeats; step++) times.push(await timeStep(trainer, input));
  trainer.free();
  model.free();
  gpu.memory.trim();
  return median(times);
}

async function timeStep(trainer: Trainer, input: Tensor): Promise<number> {
  const start = performance.now();
  await trainer.step(input);
  return performance.now() - start;
}

/** GPU time of a reversible step by kernel; every dispatch is a pass of its own, so the sum is more than a step takes. */
async function timeKernels(input: Tensor): Promise<void> {
  if (!gpu.adapter.features.includes('timestamp-query')) {
    console.log('\nno GPU times: this adapter has no timestamp-query');
    return;
  }
  const model = createPyramidFlow(gpu, config);
  const trainer = new Trainer(model);
  await trainer.step(input);
  await gpu.finish();
  gpu.timer = new DispatchTimer(gpu.device);
  await trainer.step(input);
  const times = [...(await gpu.timer.collect())].sort(([, a], [, b]) => b.ms - a.ms);
  gpu.timer = undefined;
  const total = times.reduce((sum, [, { ms }]) => sum + ms, 0);
  const convolution = times.filter(([name]) => name.startsWith('conv')).reduce((sum, [, { ms }]) => sum + ms, 0);
  const share = (ms: number) => `${((100 * ms) / total).toFixed(1)} %`.padStart(8);
  console.log(`\n${'kernel'.padEnd(28)}     calls    GPU ms   share`);
  for (const [name, { calls, ms }] of times) {
    console.log(`${name.padEnd(28)}${String(calls).padStart(10)}${ms.toFixed(1).padStart(10)}${share(ms)}`);
  }
  const all = 'convolution kernels (conv*)'.padEnd(38);
  console.log(`${all}${convolution.toFixed(1).padStart(10)}${share(convolution)}`);
  trainer.free();
  model.free();
}

/** PyTorch's median step from the same weights on the same images, and whether its losses are ours. */
async function timeTorch(input: Tensor): Promise<void> {
  const model = createPyramidFlow(gpu, config);
  try {
    const { version, device, settings, losses, samples, peakBytes } = await torchSteps(model, input, repeats + 2);
    const trainer = new Trainer(model);
    const ours = [(await trainer.step(input)).loss, (await trainer.step(input)).loss];
    const apart = Math.max(...ours.map((loss, i) => Math.abs(loss / losses[i] - 1)));
    const step = median(samples.slice(2));
    console.log(
      `\nPyTorch ${version} on ${device}, ${JSON.stringify(settings)}: median of ${repeats} steps ${step.toFixed(1)} ms`,
    );
    if (peakBytes !== null) console.log(`  peak of its memory ${mebibytes(peakBytes)}`);
    console.log(
      `  ours reversible ${(reversible / step).toFixed(2)} times as long; losses of the first two steps ${apart.toExponential(1)} apart`,
    );
    trainer.free();
  } catch (error) {
    console.log(`\nno PyTorch step: ${(error as Error).message}`);
  }
  model.free();
}

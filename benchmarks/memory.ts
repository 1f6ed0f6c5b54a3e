import type { Runtime } from '../src/gpu/runtime';
import { workspaceFor } from '../src/gpu/workspace';
import { openRuntime } from '../src/node/dawn';
import { createPyramidFlow } from '../src/pyramidflow/initialize';
import type { MemoryMode } from '../src/pyramidflow/settings';
import { Trainer } from '../src/training/step';
import { mebibytes, randomImages } from './node/common';
import { adapterLine } from './report/table';

// Peak memory of a training step, by the pool's own accounting, at the size the paper trains at, with the workspaces of software and of
// hardware adapters. What is live before and after the step (weights, gradients, moments, images) is listed apart from what only the
// step needs. No arguments.

const SIZE = { channels: 16, levels: 4, kernel: 7, norm: 'SVN', height: 256, width: 256 } as const;
const BATCH = 2;
type Budget = 'software' | 'hardware';
const RUNS: readonly (readonly [budget: Budget, memory: MemoryMode, stacks: number])[] = [
  ['software', 'reversible', 2],
  ['software', 'reversible', 4],
  ['software', 'reversible', 8],
  ['software', 'plain', 4],
  ['hardware', 'reversible', 4],
  ['hardware', 'reversible', 8],
];

interface Use {
  /** parameters, gradients, optimizer, fixed tensors, images */
  readonly persistent: number;
  /** the most on top of that within a step */
  readonly step: number;
}

const gpu = await openRuntime();
const { channels, height, width, kernel, levels } = SIZE;
console.log(`adapter: ${adapterLine(gpu.adapter)}`);
console.log(`${height} x ${width}, C ${channels}, L ${levels}, k ${kernel}, batch ${BATCH}\n`);
console.log('workspace   mode        stacks   persistent   step above it         peak');
const uses = new Map<string, Use>();
for (const [budget, memory, stacks] of RUNS) {
  gpu.workspace = workspaceFor({ software: budget === 'software', limits: gpu.adapter.limits });
  const use = await measure(gpu, memory, stacks);
  uses.set(`${budget} ${memory} ${stacks}`, use);
  const columns = [use.persistent, use.step, use.persistent + use.step].map((bytes) => mebibytes(bytes).padStart(12));
  console.log(`${budget.padEnd(12)}${memory.padEnd(12)}${String(stacks).padStart(5)}${columns.join('  ')}`);
}

const [two, four, eight, plain, large, larger] = RUNS.map((run) => uses.get(run.join(' '))!);
const growth = eight.persistent + eight.step - two.persistent - two.step;
console.log('');
const added = eight.persistent - two.persistent;
verdict(
  growth <= added,
  `8 stacks peak ${mebibytes(growth)} above 2 stacks; their weights, gradients and moments are ${mebibytes(added)} more`,
);
verdict(
  larger!.step <= large!.step,
  `with the workspace of hardware, a step of 8 stacks needs ${mebibytes(larger!.step)} above them, of 4 stacks ${mebibytes(large!.step)}`,
);
verdict(
  8 * four.step <= plain.step,
  `at 4 stacks plain mode keeps ${(plain.step / four.step).toFixed(2)} times as much as reversible (at least 8 expected)`,
);
gpu.dispose();

async function measure(runtime: Runtime, memory: MemoryMode, stacks: number): Promise<Use> {
  const model = createPyramidFlow(runtime, { ...SIZE, stacks });
  const images = randomImages(runtime, [BATCH, 3, height, width]);
  const trainer = new Trainer(model, { memory });
  model.parameters.zeroGradients();
  await runtime.finish();
  const persistent = runtime.memory.use().live;
  runtime.memory.resetPeak();
  await trainer.step(images);
  const { peak } = runtime.memory.use();
  for (const made of [trainer, model, images]) made.free();
  runtime.memory.trim();
  return { persistent, step: peak - persistent };
}

function verdict(holds: boolean, sentence: string): void {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${sentence}`);
  if (!holds) process.exitCode = 1;
}

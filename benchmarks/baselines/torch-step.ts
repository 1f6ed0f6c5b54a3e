import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADAM_DEFAULTS } from '../../src/autograd/adam';
import { blockConfigs, couplingLevels } from '../../src/pyramidflow/config';
import type { TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import type { Tensor } from '../../src/tensor/tensor';
import { runTorch, type TorchAbout } from './torch';

export interface TorchSteps extends TorchAbout {
  /** before each step */
  readonly losses: readonly number[];
  /** ms of each step, the first including set-up */
  readonly samples: readonly number[];
  /** the most that PyTorch allocated on the card; null on the CPU */
  readonly peakBytes: number | null;
}

/** Training steps in PyTorch from a model's current weights on the same images. Throws an Error that says why it cannot run. */
export async function torchSteps(model: TrainablePyramidFlow, images: Tensor, steps: number): Promise<TorchSteps> {
  const named = [...(await model.tensors()), ['images', { shape: images.shape, data: await images.read() }] as const];
  const { learningRate, betas, epsilon, weightDecay, clipNorm } = ADAM_DEFAULTS;
  const folder = mkdtempSync(join(tmpdir(), 'pyramidflow-'));
  try {
    const file = join(folder, 'tensors');
    writeFileSync(
      file,
      Buffer.concat(named.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))),
    );
    return runTorch('torch_step.py', {
      file,
      tensors: named.map(([name, { shape }]) => [name, shape]),
      blocks: blockConfigs(model.config.levels, model.config.stacks).map(couplingLevels),
      config: model.config,
      adam: { lr: learningRate, betas, eps: epsilon, weight_decay: weightDecay },
      clipNorm,
      steps,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { type Checkpoint, encodeCheckpoint, latentShape } from '../../../src/checkpoint/checkpoint';
import type { PyramidFlowConfig } from '../../../src/pyramidflow/config';
import { tensorShapes } from '../../../src/pyramidflow/initialize';
import { IMAGENET } from '../../../src/ops/preprocess';
import { elements } from '../../../src/tensor/tensor';
import { trainedTensors } from '../../../test/support/small-weights';
import { putTogether, takeApart, unsealed } from './model-file';

/** As small as models get. */
const TINY: PyramidFlowConfig = { channels: 3, levels: 2, stacks: 1, kernel: 3, norm: 'CVN', height: 8, width: 8 };
const CONFIGS: readonly PyramidFlowConfig[] = [TINY, { ...TINY, kernel: 1, norm: 'SVN' }];

function checkpointsOf(config: PyramidFlowConfig): Checkpoint[] {
  const levels = Array.from({ length: config.levels }, (_, i) => elements(latentShape(config, i)));
  const trained = [...tensorShapes(config).values()].filter((entry) => entry.trained);
  const moments = trained.reduce((sum, { shape }) => sum + Math.ceil(elements(shape) / 64) * 64, 0);
  const bare = { config, category: 'metal_nut', normalization: IMAGENET, tensors: trainedTensors(config) };
  const finished = { ...bare, template: levels.map((length) => new Float32Array(length).fill(0.1)), threshold: 1.5 };
  const training = {
    settings: { batch: 2, betas: [0.5, 0.9], memory: 'reversible' },
    log: [{ epoch: 1, loss: 1 / 3, gradientNorm: 2e-7, reconstructionError: 1e-6 }],
    random: [1, 2, 3, 2 ** 32 - 1],
    optimizerSteps: 12,
    firstMoment: new Float32Array(moments).fill(-0.01),
    secondMoment: new Float32Array(moments).fill(0.01),
  };
  const manifest = [{ name: 'train/good/000.png', bytes: 1234, sha256: '0f'.repeat(32) }];
  return [finished, { ...bare, training }, { ...finished, training, manifest }];
}

async function makeSeeds(): Promise<readonly Uint8Array[]> {
  const written = await Promise.all(CONFIGS.flatMap(checkpointsOf).map((checkpoint) => encodeCheckpoint(checkpoint)));
  return [...written, ...written.map((bytes) => putTogether(unsealed(takeApart(bytes))))];
}

let seeds: Promise<readonly Uint8Array[]> | undefined;

/** Sound model files: as they are written, and as they were written before they had checksums. */
export const modelSeeds = (): Promise<readonly Uint8Array[]> => (seeds ??= makeSeeds());

import type { Checkpoint, TrainingRecord } from '../../../src/checkpoint/checkpoint';
import { encodeCheckpoint } from '../../../src/checkpoint/encode';
import { IMAGENET } from '../../../src/ops/preprocess';
import { latentShape, type PyramidFlowConfig } from '../../../src/pyramidflow/config';
import { settingsFor } from '../../../src/pyramidflow/settings';
import { tensorShapes } from '../../../src/pyramidflow/tensors';
import { elements } from '../../../src/tensor/tensor';
import { asOldFormat } from '../../../test/support/old-checkpoint';
import { trainedTensors } from '../../../test/support/small-weights';

/** As small as models get. */
const TINY: PyramidFlowConfig = { channels: 3, levels: 2, stacks: 1, kernel: 3, norm: 'CVN', height: 8, width: 8 };
const CONFIGS: readonly PyramidFlowConfig[] = [TINY, { ...TINY, kernel: 1, norm: 'SVN' }];

function checkpointsOf(config: PyramidFlowConfig): Checkpoint[] {
  const levels = Array.from({ length: config.levels }, (_, i) => elements(latentShape(config, i)));
  const trained = [...tensorShapes(config)].filter(([, entry]) => entry.trained);
  const moments = (value: number) =>
    new Map(trained.map(([name, { shape }]) => [name, new Float32Array(elements(shape)).fill(value)]));
  const bare = { config, category: 'metal_nut', normalization: IMAGENET, tensors: trainedTensors(config) };
  const finished = { ...bare, template: levels.map((length) => new Float32Array(length).fill(0.1)), threshold: 1.5 };
  const { epochs, batch, seed, memory, augmentation, ...adam } = settingsFor('');
  const { learningRate, betas, epsilon, weightDecay, clipNorm } = adam;
  const settings = { epochs, batch, seed, memory, augmentation, learningRate, betas, epsilon, weightDecay, clipNorm };
  const training: TrainingRecord = {
    settings,
    images: 2,
    log: [{ epoch: 1, loss: 1 / 3, gradientNorm: 2e-7, reconstructionError: 1e-6 }],
    random: [1, 2, 3, 2 ** 32 - 1],
    optimizer: { steps: 1, first: moments(-0.01), second: moments(0.01) },
  };
  const manifest = ['000', '001'].map((name) => ({ name: `train/good/${name}.png`, bytes: 1234, sha256: '0f'.repeat(32) }));
  return [finished, { ...bare, training }, { ...finished, training, manifest }];
}

async function makeSeeds(): Promise<readonly Uint8Array[]> {
  const written = await Promise.all(CONFIGS.flatMap(checkpointsOf).map((checkpoint) => encodeCheckpoint(checkpoint)));
  return [...written, ...written.map(asOldFormat)];
}

let seeds: Promise<readonly Uint8Array[]> | undefined;

/** Sound model files: as they are written, and as they were written before they had checksums. */
export const modelSeeds = (): Promise<readonly Uint8Array[]> => (seeds ??= makeSeeds());

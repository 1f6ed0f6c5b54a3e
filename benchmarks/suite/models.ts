import { Random } from '../../src/core/random';
import type { Runtime } from '../../src/gpu/runtime';
import { type BlockConfig, blockConfigs, couplingLevels, type PyramidFlowConfig } from '../../src/pyramidflow/config';
import { initialTensors } from '../../src/pyramidflow/initialize';
import type { MemoryMode } from '../../src/pyramidflow/settings';
import { invert, TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import { scope } from '../../src/tensor/scope';
import { elements, type Tensor } from '../../src/tensor/tensor';
import { Trainer } from '../../src/training/step';
import type { Check, Entry, Inputs } from './entry';

const BATCH = 2;
const MODES: readonly MemoryMode[] = ['reversible', 'plain'];

/** The whole model, C 16, L 4, S 4, k 7, on a batch of two: what a user waits for, so by wall time. */
export function modelEntries(size: number): Entry[] {
  const config: PyramidFlowConfig = {
    channels: 16,
    levels: 4,
    stacks: 4,
    kernel: 7,
    norm: 'SVN',
    height: size,
    width: size,
  };
  const flop = networkFlop(config);
  const common = { group: 'model', shape: `${BATCH}x3x${size}x${size}`, clock: 'wall' } as const;
  return [
    { ...common, name: 'forward', work: { flop }, prepare: (given) => prepareForward(config, given) },
    ...MODES.map(
      (memory): Entry => ({
        ...common,
        name: `training step, ${memory}`,
        work: { flop: 3 * flop }, // what a forward and its two gradients need; a reversible step does a third more
        prepare: (given) => prepareStep(config, memory, given),
      }),
    ),
  ];
}

/** Operations of the coupling networks' convolutions in a forward, by the direct method. */
function networkFlop({ channels, levels, stacks, kernel, height, width }: PyramidFlowConfig): number {
  const ofBlock = (block: BlockConfig) => {
    const { conditions, network } = couplingLevels(block);
    const weights = kernel ** 2 * 2 * channels * (conditions.length * channels + 2 * channels);
    return (2 * BATCH * weights * height * width) / 4 ** network;
  };
  return blockConfigs(levels, stacks).reduce((flop, block) => flop + ofBlock(block), 0);
}

function prepareForward(config: PyramidFlowConfig, given: Inputs) {
  const model = trainedModel(given.gpu, config);
  const images = given.get([BATCH, 3, config.height, config.width], 'images');
  return {
    run: () => void model.forward(images.tensor),
    async wait() {
      scope(() => void model.forward(images.tensor));
      await given.gpu.finish();
    },
    async check(): Promise<Check> {
      const latent = model.forward(images.tensor);
      const back = invert(model, latent);
      const values = await back.read();
      for (const tensor of [...latent, back]) tensor.free();
      const error = relativeDistance(values, images.values);
      return { how: 'its inverse gives the images back', tolerance: 1e-3, error };
    },
    free: () => model.free(),
  };
}

function prepareStep(config: PyramidFlowConfig, memory: MemoryMode, given: Inputs) {
  const model = trainedModel(given.gpu, config);
  const images = given.get([BATCH, 3, config.height, config.width], 'images').tensor;
  const trainer = new Trainer(model, { memory });
  return {
    run() {
      trainer.gradients(images, true);
      trainer.optimizer.step();
    },
    wait: () => trainer.step(images),
    async check(): Promise<Check> {
      const [own, other] = [
        await gradientOf(trainer, images),
        await gradientOf(new Trainer(model, { memory: otherMode(memory) }), images),
      ];
      return {
        how: `its gradients are those of ${otherMode(memory)} mode`,
        tolerance: 1e-3,
        error: relativeDistance(own, other),
      };
    },
    free: () => [trainer, model].forEach((made) => made.free()),
  };
}

const otherMode = (memory: MemoryMode): MemoryMode => (memory === 'plain' ? 'reversible' : 'plain');

async function gradientOf(trainer: Trainer, images: Tensor): Promise<Float32Array> {
  trainer.gradients(images, false).free();
  return trainer.model.parameters.segments[0]!.gradients.read();
}

/** |a - b| / |b|. */
function relativeDistance(a: Float32Array, b: Float32Array): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** Weights as after some training: the second convolutions, which start at zero, are random and small. */
function trainedModel(gpu: Runtime, config: PyramidFlowConfig): TrainablePyramidFlow {
  const random = new Random(3);
  const tensors = initialTensors(config, random);
  for (const [name, { shape, data }] of tensors) {
    if (!name.endsWith('.conv2')) continue;
    const bound = 0.5 / Math.sqrt(elements(shape.slice(1)));
    data.forEach((_, i) => (data[i] = (2 * random.uniform() - 1) * bound));
  }
  return TrainablePyramidFlow.fromTensors(gpu, config, tensors);
}

import { mixing } from '../../src/flow/mixing';
import { ReversibleChain } from '../../src/flow/reversible';
import type { Runtime } from '../../src/gpu/runtime';
import { addInto } from '../../src/ops/elementwise';
import type { VolumeNorm } from '../../src/ops/volume-norm';
import { type BlockConfig, blockConfigs, couplingLevels, type PyramidFlowConfig } from '../../src/pyramidflow/config';
import { LevelCoupling } from '../../src/pyramidflow/coupling';
import { fourierLossAndGradient } from '../../src/pyramidflow/fourier-loss';
import { tensorShapes } from '../../src/pyramidflow/tensors';
import { invert, pyramidBlocks, TrainablePyramidFlow, trainableChain } from '../../src/pyramidflow/trainable';
import { elements, Tensor } from '../../src/tensor/tensor';
import { Trainer } from '../../src/training/step';
import { byNumber, download, type GoldenCase, type Handler, numbered, type Results, uploadUnder } from './case';
import { onTape } from './operations';

const TRAINING = { training: true };

/** One coupling block in plain mode, since its log scales have a gradient. */
async function block(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const { kind, start, target, vn } = golden.attrs;
  const inputs = uploadUnder(golden, gpu, 'in.');
  const levels = numbered(inputs, 'x');
  const coupling = couplingOf({ kind, start }, vn, inputs.conv1!.shape[2]!);
  const results = await onTape(inputs, uploadUnder(golden, gpu, 'grad_out.'), (tape) =>
    tape.run(() => {
      const given = couplingLevels({ kind, start }).conditions.map((i) => levels[i]!);
      const { y, s } = coupling.transform(levels[target]!, inputs, given, { ...TRAINING, updateRunningMeans: true });
      return { [`z${target}`]: mixing({ volume: 'one' }).forward(y, inputs, [], TRAINING).y, [`logdet${target}`]: s() };
    }),
  );
  return { ...results, 'out.running_mean': await inputs.running_mean!.read() };
}

function couplingOf(plan: BlockConfig, norm: VolumeNorm, kernel: number): LevelCoupling {
  const { target, network } = couplingLevels(plan);
  return new LevelCoupling({ norm, kernel, fine: network !== target, finest: network === 0 });
}

/** The whole flow: a forward pass with gradients of the loss, then a training run, then evaluation and inverse. */
async function train(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const config = configOf(golden);
  const images = batches(golden);
  const start = () => TrainablePyramidFlow.fromTensors(gpu, config, initialTensors(golden, config));

  const model = start();
  const first = Tensor.from(gpu, images[0].shape, images[0].data, 'images');
  const chain = trainableChain(model);
  const latent = model.embed(first);
  const logScales = forwardWithLogScales(model, latent);
  const results: Results = {
    ...(await download('out.', byNumber(latent, 'latent'))),
    ...(await download('out.', byNumber(logScales, 'logdet'))),
  };
  const { loss, gradients } = fourierLossAndGradient(latent, 2);
  results['out.loss'] = await loss.read();
  model.parameters.zeroGradients();
  chain.backward(latent, gradients);
  for (const name of model.parameters.names) results[`grad.${name}`] = await model.parameters.gradient(name).read();
  model.free();

  const pupil = start();
  const trainer = new Trainer(pupil, { memory: 'reversible' });
  const log = [];
  for (const { shape, data } of images) log.push(await trainer.step(Tensor.from(gpu, shape, data, 'images')));
  results['out.losses'] = log.map(({ loss }) => loss);
  results['out.grad_norms'] = log.map(({ gradientNorm }) => gradientNorm);
  for (const [name, { data }] of await pupil.tensors()) results[`out.trained.${name}`] = data;
  return { ...results, ...(await evaluate(pupil, first)) };
}

/** The latent in place of the levels, and the sums of all log scales, element by element. */
function forwardWithLogScales({ config, parameters }: TrainablePyramidFlow, levels: Tensor[]): Tensor[] {
  const chain = new ReversibleChain(pyramidBlocks(config), parameters);
  const sums = levels.map((level) => Tensor.zeros(level.gpu, level.shape));
  for (const [i, plan] of blockConfigs(config.levels, config.stacks).entries()) {
    const { target, conditions } = couplingLevels(plan);
    const names = [...parameters.names, ...parameters.fixedNames].filter((name) => name.startsWith(`blocks.${i}.`));
    const p = Object.fromEntries(names.map((name) => [name.split('.').at(-1)!, parameters.get(name)]));
    const coupling = couplingOf(plan, config.norm, config.kernel);
    const given = conditions.map((level) => levels[level]!);
    addInto(sums[target]!, coupling.transform(levels[target]!, p, given, TRAINING).s());
    chain.forward(levels, TRAINING, {}, 2 * i, 2 * i + 2);
  }
  return sums;
}

async function evaluate(model: TrainablePyramidFlow, images: Tensor): Promise<Results> {
  const latent = model.forward(images);
  const reconstructed = await invert(model, latent).read();
  return { ...(await download('out.', byNumber(latent, 'eval_latent'))), 'out.reconstructed': reconstructed };
}

function configOf({ attrs, tensors }: GoldenCase): PyramidFlowConfig {
  const [, , , height, width] = tensors.get('in.images')!.shape;
  const { channels, levels, stacks, ksize, vn } = attrs;
  return { channels, levels, stacks, kernel: ksize, norm: vn, height, width };
}

function batches({ tensors }: GoldenCase): { shape: number[]; data: Float32Array }[] {
  const { shape, data } = tensors.get('in.images')!;
  const [steps, ...batch] = shape;
  const size = elements(batch);
  return Array.from({ length: steps }, (_, i) => ({ shape: batch, data: data.subarray(i * size, (i + 1) * size) }));
}

/** The stored weights; running means are stored as a single zero that stands for the whole map. */
function initialTensors({ tensors }: GoldenCase, config: PyramidFlowConfig) {
  const named = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { shape }] of tensorShapes(config)) {
    const stored = tensors.get(`in.${name}`)!;
    const data = stored.data.length === 1 ? new Float32Array(elements(shape)).fill(stored.data[0]) : stored.data;
    named.set(name, { shape, data });
  }
  return named;
}

export const FLOWS: Readonly<Record<string, Handler>> = { block, train };

import { ParameterSet } from '../../src/autograd/parameters';
import { Mixing } from '../../src/flow/mixing';
import type { Runtime } from '../../src/gpu/runtime';
import { couplingLevels, type PyramidFlowConfig } from '../../src/pyramidflow/config';
import { AffineCoupling } from '../../src/pyramidflow/coupling';
import { fourierLossAndGradient } from '../../src/pyramidflow/fourier-loss';
import { PyramidFlow } from '../../src/pyramidflow/pyramid-flow';
import { tensorShapes } from '../../src/pyramidflow/tensors';
import { invert, trainableChain } from '../../src/pyramidflow/trainable';
import { elements, Tensor } from '../../src/tensor/tensor';
import { Trainer } from '../../src/training/step';
import { byNumber, download, type GoldenCase, type Handler, numbered, type Results, uploadUnder } from './case';
import { onTape } from './operations';

const TRAINED = ['conv1', 'conv2', 'lower', 'log_s', 'upper'];

/** One coupling block in plain mode, since its log-determinant has a gradient. */
async function block(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const { kind, start, target, vn } = golden.attrs;
  const inputs = uploadUnder(golden, gpu, 'in.');
  const levels = numbered(inputs, 'x');
  const set = new ParameterSet(
    TRAINED.map((name) => ({ name, ...golden.tensors.get(`in.${name}`)! })),
    gpu,
  );
  for (const name of TRAINED) inputs[name] = set.get(name);
  const { lower, log_s: logS, upper, perm, sign, running_mean } = inputs;
  const [conv1, conv2] = [inputs.conv1, inputs.conv2];
  const place = { levels: couplingLevels({ kind, start }), norm: vn, conv1, conv2, runningMean: running_mean };
  const coupling = new AffineCoupling('coupling', place, set);
  const mixing = new Mixing('mixing', target, { lower, logS, upper, perm, sign });
  const results = await onTape(inputs, uploadUnder(golden, gpu, 'grad_out.'), (tape) => {
    const logDeterminants = levels.map((level) => Tensor.zeros(gpu, level.shape));
    const coupled = [...levels];
    coupled[target] = coupling.forward(tape, levels, { training: true, updateRunningMeans: true, logDeterminants });
    return { [`z${target}`]: mixing.forward(tape, coupled), [`logdet${target}`]: logDeterminants[target] };
  });
  return { ...results, 'out.running_mean': await running_mean.read() };
}

/** The whole flow: a forward pass with gradients of the loss, then a training run, then evaluation and inverse. */
async function train(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const config = configOf(golden);
  const images = batches(golden);
  const start = () => PyramidFlow.fromTensors(gpu, config, initialTensors(golden, config));

  const model = start();
  const first = Tensor.from(gpu, images[0].shape, images[0].data, 'images');
  const chain = trainableChain(model);
  const latent = model.embed(first);
  const zeros = latent.map((level) => Tensor.zeros(gpu, level.shape));
  chain.forward(latent, { training: true, logDeterminants: zeros });
  const results: Results = {
    ...(await download('out.', byNumber(latent, 'latent'))),
    ...(await download('out.', byNumber(zeros, 'logdet'))),
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

async function evaluate(model: PyramidFlow, images: Tensor): Promise<Results> {
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

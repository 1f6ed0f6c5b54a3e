import { Adam } from '../../src/autograd/adam';
import { ParameterSet } from '../../src/autograd/parameters';
import { Tape } from '../../src/autograd/tape';
import type { Runtime } from '../../src/gpu/runtime';
import { softClampOp } from '../../src/ops/activation';
import { blurOp } from '../../src/ops/blur';
import { conv2dOp } from '../../src/ops/conv/convolve';
import { luWeightOp } from '../../src/ops/mixing';
import { apply, type Op } from '../../src/ops/op';
import { updateRunningMean, volumeMean, volumeNormOp } from '../../src/ops/volume-norm';
import type { Tensor } from '../../src/tensor/tensor';
import { download, type GoldenCase, type Handler, type Results, uploadUnder } from './case';

/** A handler for one operation with output y. */
export function operation(op: Op<string, never, never>, attrs: (golden: GoldenCase) => unknown = () => undefined): Handler {
  return async (golden, gpu) => {
    const inputs = uploadUnder(golden, gpu, 'in.');
    const seeds = uploadUnder(golden, gpu, 'grad_out.');
    return onTape(inputs, seeds, (tape) => ({ y: tape.run(() => apply(op, inputs, attrs(golden) as never)) }));
  };
}

/** Runs `work` on a tape; its outputs and the gradients of sum(output * seed) with respect to all inputs. */
export async function onTape(
  inputs: Record<string, Tensor>,
  seeds: Record<string, Tensor>,
  work: (tape: Tape) => Record<string, Tensor>,
): Promise<Results> {
  const tape = new Tape();
  tape.watch(...Object.values(inputs));
  const outputs = work(tape);
  const results = await download('out.', outputs);
  const pairs = Object.entries(outputs).filter(([name]) => seeds[name]);
  const gradients = tape.backward(pairs.map(([name, output]) => [output, seeds[name]]));
  const found = Object.entries(inputs).filter(([, input]) => gradients.has(input));
  return {
    ...results,
    ...(await download('grad.', Object.fromEntries(found.map(([name, input]) => [name, gradients.get(input)!])))),
  };
}

async function volumeNormCase(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const { kind, training, momentum } = golden.attrs;
  const inputs = uploadUnder(golden, gpu, 'in.');
  const { x, running_mean: runningMean } = inputs;
  const results = await onTape(inputs, uploadUnder(golden, gpu, 'grad_out.'), (tape) => ({
    y: tape.run(() => apply(volumeNormOp, { x, runningMean }, { kind, training })),
  }));
  if (training) updateRunningMean(runningMean, volumeMean(x, kind), momentum);
  return { ...results, 'out.running_mean': await runningMean.read() };
}

async function mix(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const inputs = uploadUnder(golden, gpu, 'in.');
  const { lower, log_s: logS, upper, perm, sign, x } = inputs;
  const seeds = uploadUnder(golden, gpu, 'grad_out.');
  seeds.w = seeds.w.view([...seeds.w.shape, 1, 1]); // the weight of a 1x1 convolution
  return onTape(inputs, seeds, (tape) => {
    const w = tape.run(() => apply(luWeightOp, { lower, logS, upper, perm, sign }, undefined));
    return { w, z: tape.run(() => apply(conv2dOp, { x, w }, {})) };
  });
}

async function adam(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const { lr, betas, eps, weight_decay, max_norm } = golden.attrs;
  const names = [...golden.tensors.keys()].filter((name) => /^in\.[^.]+$/.test(name)).map((name) => name.slice(3));
  const parameters = new ParameterSet(
    names.map((name) => ({ name, ...golden.tensors.get(`in.${name}`)! })),
    gpu,
  );
  const settings = { learningRate: lr, betas, epsilon: eps, weightDecay: weight_decay, clipNorm: max_norm };
  const optimizer = new Adam(parameters, settings);
  const results: Results = {};
  for (let step = 0; golden.tensors.has(`out.norm.${step}`); step++) {
    parameters.zeroGradients();
    for (const name of names) parameters.gradient(name).write(golden.tensors.get(`in.grad_${name}.${step}`)!.data);
    results[`out.norm.${step}`] = (await optimizer.step().read()).map(Math.sqrt);
    for (const name of names) results[`out.${name}.${step}`] = await parameters.get(name).read();
  }
  return results;
}

/** The operations whose golden cases are a single call on a tape, and a few that are little more. */
export const OPERATIONS: Readonly<Record<string, Handler>> = {
  conv2d: operation(conv2dOp as never, ({ attrs }) => ({ stride: attrs.stride })),
  blur: operation(blurOp as never),
  soft_clamp: operation(softClampOp as never, ({ attrs, tensors }) => ({
    alpha: attrs.alpha,
    channels: tensors.get('in.x')!.shape[1],
  })),
  volume_norm: volumeNormCase,
  mix,
  adam,
};

import { Random } from '../../../src/core/random';
import { nll } from '../../../src/flow/nll';
import type { KernelCall, KernelSource } from '../../../src/gpu/kernel';
import type { Runtime } from '../../../src/gpu/runtime';
import { networkInput } from '../../../src/image/model-input';
import { anomalyMap, imageScores } from '../../../src/inspection/anomaly-map';
import { TemplateMean } from '../../../src/inspection/template';
import type { PyramidFlowConfig } from '../../../src/pyramidflow/config';
import { initialTensors } from '../../../src/pyramidflow/initialize';
import { TrainablePyramidFlow } from '../../../src/pyramidflow/trainable';
import { Lab } from '../../../src/selftest/check';
import { checksFor } from '../../../src/selftest/self-test';
import { scope } from '../../../src/tensor/scope';
import { elements, Tensor } from '../../../src/tensor/tensor';
import { Trainer } from '../../../src/training/step';
import { FLOW_ROWS, flowOf } from '../../support/flow-rows';
import { resizedInput } from '../../support/resized-input';
import { randomByteImage, trainedTensors } from '../../support/small-weights';
import { type Report, type Result, result } from './result';

/** Blocks of every kind, whose 7x7 convolutions take the paths that a real model takes. */
const MODEL: PyramidFlowConfig = { channels: 8, levels: 3, stacks: 1, kernel: 7, norm: 'CVN', height: 40, width: 48 };
const STEPS = 5;

/** Runs every workload, each from the same start on any adapter, one after the other. */
export async function runWorkloads(gpu: Runtime): Promise<Report> {
  const { architecture, description, device } = gpu.adapter;
  return {
    adapter: description || device || architecture,
    results: [
      ...initialWeights(),
      ...(await everyKernel(gpu)),
      ...(await everyBijection(gpu)),
      ...(await inference(gpu)),
      ...(await training(gpu)),
    ],
  };
}

/** What a seed gives is computed by the JavaScript engine. */
function initialWeights(): Result[] {
  return [...initialTensors(MODEL, new Random(3))].map(([name, { data }]) => result('initial weights', name, data));
}

/** What each dispatch of the self-test writes. */
async function everyKernel(gpu: Runtime): Promise<Result[]> {
  const results: Promise<Result>[] = [];
  for (const { name, run } of checksFor(gpu.adapter)) {
    await observe(
      gpu,
      async () => void (await run(new Lab(gpu))),
      (kernel, tensor) => {
        const values = tensor.read(); // recorded at once, so before the next dispatch
        results.push(values.then((data) => ({ ...result(name, `${kernel} -> ${tensor.label}`, data), kernel })));
      },
    );
  }
  return Promise.all(results);
}

/** Calls `wrote` after every dispatch for every tensor that its kernel may write. */
async function observe(
  gpu: Runtime,
  work: () => Promise<void>,
  wrote: (kernel: string, tensor: Tensor) => void,
): Promise<void> {
  const { run } = gpu;
  gpu.run = (kernel: KernelSource, call: KernelCall<string, string, string>) => {
    run.call(gpu, kernel, call);
    for (const { name, access } of kernel.tensors) {
      if (access === 'read_write') wrote(kernel.name, call.tensors[name] as Tensor);
    }
  };
  await work().finally(() => (gpu.run = run));
}

/** Latent, log determinants and gradients of a flow of every bijection. */
async function everyBijection(gpu: Runtime): Promise<Result[]> {
  const random = new Random(13);
  const results: Result[] = [];
  for (const row of FLOW_ROWS) {
    const flow = flowOf(gpu, row);
    const x = row.shapes.map((shape) => {
      const values = Float32Array.from({ length: 3 * elements(shape) }, () => random.normal());
      return Tensor.from(gpu, [3, ...shape], values, 'x');
    });
    const { z, logDet } = flow.forward(x);
    const { loss, x: dx } = flow.gradients(x, nll);
    const gradients = flow.parameters.names.map((name) => flow.parameters.gradient(name));
    for (const tensor of [...z, logDet, loss, ...dx, ...gradients]) {
      results.push(result(row.name, tensor.label, await tensor.read()));
    }
  }
  return results;
}

/** A forward, a template of three images and the map of a fourth. */
async function inference(gpu: Runtime): Promise<Result[]> {
  const { height, width } = MODEL;
  const model = TrainablePyramidFlow.fromTensors(gpu, MODEL, trainedTensors(MODEL, 7));
  const random = new Random(11);
  const input = () => resizedInput(gpu, randomByteImage(random, { height: 61, width: 83 }), height, width);
  const [mean, image] = [new TemplateMean(), input()];
  for (let i = 0; i < 3; i++) scope(() => mean.add(model.forward(input())));
  const latent = model.forward(image);
  const template = mean.result();
  const map = anomalyMap(latent, template);
  const parts = { input: [image], forward: latent, template, map: [map], score: [imageScores(map)] };
  const read = Object.entries(parts).flatMap(([workload, tensors]) =>
    tensors.map(async (tensor, i) => result(workload, `level ${i}`, await tensor.read())),
  );
  return Promise.all(read);
}

/** Five steps from the same weights on pairs of the same images. */
async function training(gpu: Runtime): Promise<Result[]> {
  const model = TrainablePyramidFlow.fromTensors(gpu, MODEL, trainedTensors(MODEL, 8));
  const trainer = new Trainer(model);
  const random = new Random(12);
  const reports: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const images = networkInput(gpu, [randomByteImage(random, MODEL), randomByteImage(random, MODEL)]);
    const { loss, gradientNorm } = await trainer.step(images);
    reports.push(loss, gradientNorm);
    images.free();
  }
  const weights = [...(await model.tensors())];
  return [
    result('training', 'losses and gradient norms', Float32Array.from(reports)),
    ...weights.map(([name, { data }]) => result('training', name, data)),
  ];
}

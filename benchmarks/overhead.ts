import { parseArgs } from 'node:util';
import { median } from '../src/core/statistics';
import type { Bindable, KernelCall, KernelSource } from '../src/gpu/kernel';
import { workspaceFor } from '../src/gpu/workspace';
import { openRuntime } from '../src/node/dawn';
import { createPyramidFlow } from '../src/pyramidflow/initialize';
import { settingsFor } from '../src/pyramidflow/settings';
import { Trainer } from '../src/training/step';
import { randomImages } from './node/common';
import { adapterLine } from './report/table';

// What a dispatch costs the CPU: the dispatches of a training step (released settings, workspace of hardware), again and again, each
// with a single workgroup, so that the GPU has little to do. Options: --size 256 --repeats 20

type Call = KernelCall<string, string, string>;

const { values } = parseArgs({
  options: { size: { type: 'string', default: '256' }, repeats: { type: 'string', default: '20' } },
});
const [size, repeats] = [Number(values.size), Number(values.repeats)];
const gpu = await openRuntime();
gpu.workspace = workspaceFor({ software: false, limits: gpu.adapter.limits });
const calls = await callsOfStep();
console.log(`adapter: ${adapterLine(gpu.adapter)}`);
console.log(`${calls.length} dispatches of a step at ${size} x ${size}; medians of ${repeats} rounds, us a dispatch\n`);

const whole = await timed(() => calls.forEach(([kernel, call]) => gpu.run(kernel, call)));
print('gpu.run, and the submit after it', whole.encode, whole.submit);
const [kernel, call] = calls[0]!;
const repeated = await timed(() => calls.forEach(() => gpu.run(kernel, call)));
print('the same, of one call: nothing changes', repeated.encode, repeated.submit);
const prepared = await rawCalls();
const changing = await timed(() => prepared.encode(true));
print('WebGPU alone: pipeline, bind group, dispatch', changing.encode, changing.submit);
const alone = await timed(() => prepared.encode(false));
print('WebGPU alone: dispatch', alone.encode, alone.submit);
gpu.dispose();

/** The kernels of a step and their arguments, with buffers that stay where they are. */
async function callsOfStep(): Promise<[KernelSource, Call][]> {
  const model = createPyramidFlow(gpu, { ...settingsFor(''), height: size, width: size });
  const trainer = new Trainer(model);
  const images = randomImages(gpu, [2, 3, size, size]);
  await trainer.step(images);
  const recorded: [KernelSource, Call][] = [];
  const { run } = gpu;
  gpu.run = (kernel: KernelSource, call: Call) => {
    const tensors = Object.entries(call.tensors).map(([name, { slice, label, dtype }]): [string, Bindable] => {
      return [name, { slice, label, dtype }];
    });
    recorded.push([kernel, { ...call, tensors: Object.fromEntries(tensors), grid: [1, 1, 1] }]);
    run.call(gpu, kernel, call);
  };
  await trainer.step(images);
  gpu.run = run;
  return recorded;
}

/** Pipelines and bind groups of the calls, which the runtime has made, caught where it sets them. */
async function rawCalls(): Promise<{ encode(changing: boolean): void }> {
  const set: { pipeline?: GPUComputePipeline; group?: GPUBindGroup } = {};
  const dispatches: { pipeline: GPUComputePipeline; group: GPUBindGroup }[] = [];
  const { createCommandEncoder } = gpu.device;
  gpu.device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder.call(gpu.device, descriptor);
    const { beginComputePass } = encoder;
    encoder.beginComputePass = (of) => {
      const pass = beginComputePass.call(encoder, of);
      const { setPipeline, dispatchWorkgroups } = pass;
      const setBindGroup: (index: number, group: GPUBindGroup) => undefined = pass.setBindGroup.bind(pass);
      pass.setPipeline = (pipeline) => setPipeline.call(pass, (set.pipeline = pipeline));
      pass.setBindGroup = (index: number, group: GPUBindGroup) => setBindGroup(index, (set.group = group));
      pass.dispatchWorkgroups = (...grid) => {
        dispatches.push({ pipeline: set.pipeline!, group: set.group! });
        dispatchWorkgroups.apply(pass, grid);
      };
      return pass;
    };
    return encoder;
  };
  for (const [kernel, call] of calls) gpu.run(kernel, call);
  gpu.device.createCommandEncoder = createCommandEncoder;
  await gpu.finish();
  return {
    encode(changing) {
      gpu.encode((encoder) => {
        const pass = encoder.beginComputePass();
        for (const [i, { pipeline, group }] of dispatches.entries()) {
          if (changing || i === 0) {
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, group);
          }
          pass.dispatchWorkgroups(1);
        }
        pass.end();
      });
    },
  };
}

/** Time to record, and to submit, in us a dispatch. */
async function timed(record: () => void): Promise<{ encode: number; submit: number }> {
  const encode: number[] = [];
  const submit: number[] = [];
  for (let round = -2; round < repeats; round++) {
    await gpu.finish();
    const start = performance.now();
    record();
    const recorded = performance.now();
    gpu.flush();
    const submitted = performance.now();
    if (round < 0) continue;
    encode.push((1e3 * (recorded - start)) / calls.length);
    submit.push((1e3 * (submitted - recorded)) / calls.length);
  }
  await gpu.finish();
  return { encode: median(encode), submit: median(submit) };
}

function print(what: string, encode: number, submit: number): void {
  const step = ((encode + submit) * calls.length) / 1e3;
  console.log(`${what.padEnd(46)} encode ${encode.toFixed(2)}  submit ${submit.toFixed(2)}  step ${step.toFixed(2)} ms`);
}

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestDevice } from '../../src/gpu/device';
import { Runtime } from '../../src/gpu/runtime';
import { Detector } from '../../src/inspection/detector';
import { dawn } from '../../src/node/dawn';
import { FFT_KERNELS, methodChoice } from '../../src/ops/conv/convolve';
import { hasSubgroupsOf8, PRODUCTS_CHOICE, TILE_CHOICE } from '../../src/ops/conv/variants';
import { latentShape, type PyramidFlowConfig } from '../../src/pyramidflow/config';
import { createPyramidFlow } from '../../src/pyramidflow/initialize';
import { elements, Tensor } from '../../src/tensor/tensor';
import { Trainer } from '../../src/training/step';
import { kernelNames } from '../support/kernels';

/** Kernels that neither a step nor a detection runs: for an encoder, for a page's pixels, for strides above 1, and the blur by itself. */
const ELSEWHERE = [
  ...['bias_relu', 'blur', 'conv2d_grad_input_strided', 'max_pool3', 'unpack_pixels'],
  ...['add_bias', 'fft_pass_prime', 'gather_channels', 'gather_strided', 'matmul', 'sum_axes'], // of other flows and sizes
];

/** The texts that a device was given, and the kernels that they belong to. No pipeline is made of them, which would take seconds. */
interface Texts {
  readonly kernels: Set<string>;
  readonly modules: Map<string, GPUShaderModule>;
}

/** A runtime on which a rehearsal only collects. */
async function collectingRuntime(): Promise<{ gpu: Runtime; texts: Texts }> {
  const texts: Texts = { kernels: new Set(), modules: new Map() };
  const { device, adapter } = await requestDevice(dawn);
  const make = device.createShaderModule.bind(device);
  const createShaderModule = (descriptor: GPUShaderModuleDescriptor) => {
    const { label, code } = descriptor;
    texts.kernels.add(/^\w+/.exec(label ?? '')![0]);
    const module = texts.modules.get(code) ?? make(descriptor);
    texts.modules.set(code, module);
    return module;
  };
  Object.defineProperty(device, 'createShaderModule', { value: createShaderModule });
  Object.defineProperty(device, 'createComputePipelineAsync', { value: async () => ({}) });
  return { gpu: new Runtime({ device, adapter }), texts };
}

const BASE: PyramidFlowConfig = { channels: 16, levels: 3, stacks: 1, kernel: 7, norm: 'CVN', height: 64, width: 96 };
const CONFIGS: readonly PyramidFlowConfig[] = [
  ...[1, ...FFT_KERNELS].map((kernel) => ({ ...BASE, kernel })),
  { ...BASE, norm: 'SVN' },
  { ...BASE, channels: 3, levels: 2, height: 16, width: 16 },
  { ...BASE, channels: 40, levels: 4, stacks: 2 },
];

/** Everything that a tuner may choose. */
function choices(gpu: Runtime): Map<string, string>[] {
  const products = hasSubgroupsOf8(gpu.adapter) ? ['plain', 'subgroup'] : ['plain'];
  const tiles = products.flatMap((product) =>
    ['16', '32'].map(
      (tile) =>
        [
          [PRODUCTS_CHOICE, product],
          [TILE_CHOICE, tile],
        ] as const,
    ),
  );
  const methods = ['fft', 'direct'].map((method) => FFT_KERNELS.map((k) => [methodChoice(k), method] as const));
  return [...tiles.map((tile) => new Map([...tile, ...methods[0]])), new Map(methods[1])];
}

async function rehearseAll(gpu: Runtime, config: PyramidFlowConfig): Promise<void> {
  const template = Array.from({ length: config.levels }, (_, i) => {
    const shape = latentShape(config, i);
    return Tensor.from(gpu, shape, new Float32Array(elements(shape)));
  });
  const model = createPyramidFlow(gpu, config, 1);
  for (const memory of ['reversible', 'plain'] as const) {
    for (const power of [1, 2] as const) await new Trainer(model, { memory, power }).compile(2);
  }
  let detector: Detector;
  await gpu.rehearse(() => (detector = Detector.fromModel(model, template, ''))); // which prepares the model
  await detector!.compile();
}

test('every text that steps and detections make of the kernels is WGSL', async () => {
  const { gpu, texts } = await collectingRuntime();
  const chosen = choices(gpu);
  for (const config of CONFIGS) {
    for (const choice of chosen) {
      gpu.choices.clear();
      for (const [name, option] of choice) gpu.choices.set(name, option);
      await rehearseAll(gpu, config);
    }
  }
  for (const [code, module] of texts.modules) {
    const { messages } = await module.getCompilationInfo();
    assert.equal(
      messages.map(({ message }) => message),
      [],
      code,
    );
  }
  assert.ok(texts.modules.size > 100, `${texts.modules.size} texts`);
  const subgroups = hasSubgroupsOf8(gpu.adapter) ? [] : kernelNames().filter((name) => name.endsWith('_subgroup'));
  const unseen = kernelNames().filter((name) => !texts.kernels.has(name));
  assert.equal(unseen, [...ELSEWHERE, ...subgroups].sort());
  gpu.dispose();
});

test.run();

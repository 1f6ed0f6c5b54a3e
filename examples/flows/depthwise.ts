// PyramidFlow with a coupling network of one's own: a depthwise filter, then a mixing of channels.
import {
  Adam,
  add,
  blur,
  conv2d,
  Flow,
  leakyRelu,
  mul,
  type Network,
  nll,
  openGpu,
  pyramidBlocks,
  Random,
  Tensor,
} from 'pyramidflow/flow';

/** Every channel is filtered by itself, with a learned mixture of itself and two blurs; then a 1x1 convolution joins the channels. */
const depthwise: Network = {
  parameters([inputs = 1], outputs, random) {
    const each = (value: number) => ({ shape: [1, inputs, 1, 1], data: new Float32Array(inputs).fill(value) });
    const data = Float32Array.from({ length: outputs * inputs }, () => 0.01 * random.normal());
    return { sharp: each(1), soft: each(-0.5), softer: each(-0.5), join: { shape: [outputs, inputs, 1, 1], data } };
  },
  forward(x, { sharp, soft, softer, join }) {
    const once = blur(x);
    const filtered = add(add(mul(x, sharp!), mul(once, soft!)), mul(blur(once), softer!));
    return conv2d(leakyRelu(filtered), join!);
  },
};

const gpu = await openGpu();
const shapes = [8, 4].map((size) => [4, size, size]); // of the levels of a pyramid
const flow = new Flow(gpu, shapes, pyramidBlocks({ levels: 2, stacks: 2, kernel: 3, norm: 'SVN' }, depthwise));
const random = new Random(6);
const values = ([c = 1, h = 1, w = 1]: number[]) => Array.from({ length: 4 * c * h * w }, () => random.normal() ** 3);
const levels = shapes.map((shape) => Tensor.from(gpu, [4, ...shape], values(shape)));

const adam = new Adam(flow.parameters, { learningRate: 1e-2 });
export const losses: number[] = [];
for (let step = 0; step < 20; step++) losses.push(await flow.step(levels, nll, adam));
console.log(`${losses[0]!.toFixed(1)} nats before, ${losses.at(-1)!.toFixed(1)} after`);
gpu.dispose();

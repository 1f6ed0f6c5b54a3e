import type { Shape } from '../../src/tensor/tensor';
import type { Entry, Inputs } from '../suite/entry';
import { type BaselineRun, baselineEntry, operands, type Task } from './shapes';

interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** The part of @tensorflow/tfjs-core and its WebGPU backend that is used here. */
export interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  backend(): { readonly queue: GPUQueue; endComputePassEncoder(): void; submitQueue(): void };
  tensor4d(values: Float32Array, shape: readonly number[]): TfTensor;
  conv2d(x: TfTensor, w: TfTensor, strides: number, pad: 'same'): TfTensor;
  conv2dTranspose(x: TfTensor, w: TfTensor, shape: readonly number[], strides: number, pad: 'same'): TfTensor;
  engine(): { runKernel(name: string, inputs: object, attributes: object): TfTensor };
}

/** tfjs-backend-webgpu on our GPU object, which must be navigator.gpu. It works on NHWC images and HWIO weights. */
export async function loadTf(resolve: (path: string) => string): Promise<Tf> {
  const tf = ((await import(resolve('@tensorflow/tfjs-core/dist/tf-core.node.js'))) as { default: Tf }).default;
  await import(resolve('@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.node.js'));
  if (!(await tf.setBackend('webgpu'))) throw new Error('its WebGPU backend does not start');
  await tf.ready();
  return tf;
}

export const tfEntries = (tf: Tf, tasks: readonly Task[]): Entry[] =>
  tasks.map((task) => baselineEntry(task, 'tfjs', (given) => start(tf, task, given)));

function start(tf: Tf, task: Task, given: Inputs): BaselineRun {
  const { shapes, x, w, dy } = operands(task, given);
  const lastChannel = (shape: Shape) => [0, 2, 3, 1].map((axis) => shape[axis]);
  const image = (values: Float32Array, shape: Shape) =>
    tf.tensor4d(permuted(values, shape, [0, 2, 3, 1]), lastChannel(shape));
  const [tx, tdy] = [image(x.values, shapes.x), image(dy.values, shapes.y)];
  const tw = tf.tensor4d(
    permuted(w.values, shapes.w, [2, 3, 1, 0]),
    [2, 3, 1, 0].map((axis) => shapes.w[axis]),
  );
  const how = { strides: 1, pad: 'same', dataFormat: 'NHWC', dimRoundingMode: undefined };
  const compute = {
    forward: () => tf.conv2d(tx, tw, 1, 'same'),
    'gradient to input': () => tf.conv2dTranspose(tdy, tw, lastChannel(shapes.x), 1, 'same'),
    'gradient to weight': () =>
      tf
        .engine()
        .runKernel(
          'Conv2DBackpropFilter',
          { x: tx, dy: tdy },
          { ...how, filterShape: [2, 3, 1, 0].map((axis) => shapes.w[axis]) },
        ),
  }[task.part];
  const weights = task.part === 'gradient to weight';
  const shape = weights ? shapes.w : task.part === 'forward' ? shapes.y : shapes.x;
  return {
    async run() {
      compute().dispose();
      const backend = tf.backend();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.queue.onSubmittedWorkDone();
    },
    async read() {
      const y = compute();
      const values = await y.data();
      y.dispose();
      // back to our order of axes
      return weights
        ? permuted(
            values,
            [2, 3, 1, 0].map((axis) => shape[axis]),
            [3, 2, 0, 1],
          )
        : permuted(values, lastChannel(shape), [0, 3, 1, 2]);
    },
    free: () => [tx, tw, tdy].forEach((tensor) => tensor.dispose()),
  };
}

/** The values with their axes in another order: axis i of the result is axis order[i] of the input. */
export function permuted(values: Float32Array, shape: Shape, order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const [sizes, steps] = [order.map((axis) => shape[axis]), order.map((axis) => strides[axis])];
  const result = new Float32Array(values.length);
  let at = 0;
  for (let a = 0; a < sizes[0]; a++) {
    for (let b = 0; b < sizes[1]; b++) {
      for (let c = 0; c < sizes[2]; c++) {
        for (let d = 0; d < sizes[3]; d++) result[at++] = values[a * steps[0] + b * steps[1] + c * steps[2] + d * steps[3]];
      }
    }
  }
  return result;
}

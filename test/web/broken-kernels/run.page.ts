import { requestDevice } from '../../../src/gpu/device';
import { Gpu } from '../../../src/gpu/gpu';
import { kernel } from '../../../src/gpu/reflect';
import { Tensor } from '../../../src/tensor/tensor';

const textOf = (statement: string) => `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main() {
  // unroll
  for (var k = 0u; k < 2u; k++) { y[k] = 1.0; }
  ${statement}
}`;

export interface Report {
  readonly compiled: string;
  readonly rehearsed: string;
  readonly read: string;
  readonly again: string;
  readonly afterwards: number[];
}

const messageOf = (error: Error) => `${error.name}: ${error.message}`;

/** A broken kernel in every way to use it, and then work that is sound. */
export async function run(): Promise<Report> {
  const gpu = new Gpu(await requestDevice(navigator.gpu));
  const y = Tensor.zeros(gpu, [2], 'y');
  const call = { tensors: { y }, uniforms: {}, grid: [1, 1, 1] as const };
  const bad = kernel('bad', textOf('y[0] = angel;'));
  const worse = kernel('worse', textOf('y[0] = devil;'));
  const compiled = await gpu.compile(bad).then(() => '', messageOf);
  const rehearsed = await gpu.rehearse(() => gpu.run(bad, call)).then(() => '', messageOf);
  gpu.run(worse, call);
  const read = await y.read().then(() => '', messageOf);
  let again = '';
  try {
    gpu.run(worse, call);
  } catch (error) {
    again = messageOf(error as Error);
  }
  gpu.run(kernel('sound', textOf('y[1] = 3.0;')), call);
  const afterwards = [...(await y.read())];
  gpu.dispose();
  return { compiled, rehearsed, read, again, afterwards };
}

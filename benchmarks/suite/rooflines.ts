import { linearGrid } from '../../src/ops/grid';
import { type Shape, Tensor } from '../../src/tensor/tensor';
import copyKernel from '../shaders/copy_rate.wgsl';
import fmaKernel from '../shaders/fma_rate.wgsl';
import { bytesOf, type Entry, sampled } from './entry';

const WORKGROUPS = 4096;
const INVOCATIONS = 64 * WORKGROUPS;
const FACTOR = 1 - 2 ** -8;
const OFFSET = 2 ** -7; // both exact in f16
const MiB = 2 ** 20;

const PRECISIONS = {
  f32: { kernel: fmaKernel, tolerance: 1e-4 },
  f16: {
    kernel: {
      ...fmaKernel,
      name: 'fma_rate_f16',
      text: `enable f16;\n${fmaKernel.text.replace('Real = f32', 'Real = f16')}`,
    },
    tolerance: 0.1, // 256 rounded steps of an 11-bit significand
  },
} as const;

/**
 * What the device can do at most, measured: multiply-adds in registers, by numbers of independent chains, and copies of
 * several sizes, since small ones stay in caches. The best of each kind is the roof for the other entries.
 * @param rounds of the multiply-adds: more for a fast device
 */
export function rooflineEntries(features: readonly string[], rounds = 32): Entry[] {
  const precisions = (['f32', 'f16'] as const).filter((name) => name === 'f32' || features.includes('shader-f16'));
  return [
    ...precisions.flatMap((precision) => [1, 2, 4].map((chains) => fmaEntry(precision, chains, rounds))),
    ...[1, 4, 16, 128].map((size) => copyEntry(size * MiB)),
  ];
}

/** @param chains of vec4 */
export function fmaEntry(precision: keyof typeof PRECISIONS, chains: number, rounds: number): Entry {
  const { kernel, tolerance } = PRECISIONS[precision];
  return {
    group: 'roofline',
    name: `multiply-add ${precision}`,
    shape: `${INVOCATIONS} x ${4 * chains} chains`,
    work: { flop: INVOCATIONS * rounds * 8 * chains * 4 * 2 },
    prepare: ({ gpu }) => ({
      run() {
        const y = Tensor.empty(gpu, [INVOCATIONS], 'fma');
        const uniforms = { rounds, factor: FACTOR, offset: OFFSET };
        gpu.run(kernel, { tensors: { y }, uniforms, constants: { CHAINS: chains }, grid: [WORKGROUPS, 1, 1] });
        return y;
      },
      check: sampled((at) => {
        let sum = 0;
        for (let i = 0; i < 4 * chains; i++) {
          let x = (at % 64) + (i % 4) * 0.25 + Math.floor(i / 4) * 0.125;
          for (let step = 0; step < 8 * rounds; step++) x = x * FACTOR + OFFSET;
          sum += x;
        }
        return sum;
      }, tolerance),
    }),
  };
}

/** @param bytes read and written together */
function copyEntry(bytes: number): Entry {
  const shape: Shape = [bytes / 8];
  return {
    group: 'roofline',
    name: 'copy',
    shape: `${bytes / MiB} MiB`,
    work: { bytes: bytesOf(shape, shape) },
    prepare(given) {
      const x = given.get(shape);
      return {
        run() {
          const y = Tensor.empty(given.gpu, shape, 'copy');
          const size = shape[0] / 4;
          given.gpu.run(copyKernel, { tensors: { x: x.tensor, y }, uniforms: { size }, grid: linearGrid(size) });
          return y;
        },
        check: sampled((at) => x.values[at], 0),
      };
    },
  };
}

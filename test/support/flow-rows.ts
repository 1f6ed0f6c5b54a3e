import { Random } from '../../src/core/random';
import { actNorm } from '../../src/flow/act-norm';
import { type Bijection, type Module, on } from '../../src/flow/bijection';
import { coupling } from '../../src/flow/coupling';
import { Flow } from '../../src/flow/flow';
import { mixing } from '../../src/flow/mixing';
import { cnn, mlp } from '../../src/flow/networks';
import { permutation, split, squeezed } from '../../src/flow/rearrangements';
import type { Runtime } from '../../src/gpu/runtime';
import { nearest } from '../../src/ops/nearest';
import { pyramidBlocks } from '../../src/pyramidflow/trainable';
import { elements, type Shape } from '../../src/tensor/tensor';

/** Flows that show every bijection: adding one is one line. */
export interface FlowRow {
  readonly name: string;
  /** of an item, level by level */
  readonly shapes: readonly Shape[];
  /** modules of which a flow of a depth of 1, 2 or 16 is made */
  modules(depth: number): readonly (Bijection | Module)[];
}

const repeated = (name: string, shapes: readonly Shape[], make: (i: number) => Bijection | Module): FlowRow => ({
  name,
  shapes,
  modules: (depth) => Array.from({ length: depth }, (_, i) => make(i)),
});
const POINTS = [[3]];
const IMAGES = [[2, 4, 6]];
const LEVELS = [
  [3, 4, 6],
  [2, 2, 3],
];
const PYRAMID = [
  [3, 4, 8],
  [3, 2, 4],
  [3, 1, 2],
];
const deep = (norm: 'SVN' | 'CVN', kernel: number): FlowRow => ({
  name: `PyramidFlow, ${norm}, kernel ${kernel}`,
  shapes: PYRAMID,
  modules: (depth) => pyramidBlocks({ levels: 3, stacks: Math.ceil(depth / 2), kernel, norm }),
});

export const FLOW_ROWS: readonly FlowRow[] = [
  repeated('coupling of points', POINTS, (i) => coupling({ network: mlp(5, 4), flip: i % 2 === 1 })),
  repeated('coupling of two values', [[2]], (i) => coupling({ network: mlp(6), flip: i % 2 === 0 })),
  repeated('additive coupling', POINTS, (i) => coupling({ network: mlp(5), flip: i % 2 === 1, kind: 'additive' })),
  repeated('coupling of images', IMAGES, (i) => coupling({ network: cnn(4), flip: i % 2 === 1 })),
  repeated('coupling, with another level as condition', LEVELS, (i) =>
    on(i % 2, coupling({ network: cnn(3), resize: nearest }), { given: [1 - (i % 2)] }),
  ),
  repeated('actNorm of points', POINTS, () => actNorm()),
  repeated('actNorm of images', IMAGES, () => actNorm()),
  repeated('mixing of points', POINTS, () => mixing()),
  repeated('mixing of images', IMAGES, () => mixing()),
  repeated('mixing that keeps volumes', IMAGES, () => mixing({ volume: 'one' })),
  repeated('permutation', POINTS, () => permutation()),
  repeated('permutation by an order', POINTS, () => permutation([2, 0, 1])),
  repeated('random permutation', [[5, 2, 3]], (i) => permutation({ seed: i })),
  { name: 'squeezed', shapes: IMAGES, modules: (depth) => [squeezed(), ...Array.from({ length: depth }, () => actNorm())] },
  {
    name: 'split',
    shapes: [[3, 2, 2]],
    modules: (depth) => [actNorm(), split(), ...Array.from({ length: depth }, () => actNorm())],
  },
  deep('SVN', 3),
  deep('CVN', 5),
];

/** The flow of a row, with random parameters. */
export function flowOf(gpu: Runtime, { shapes, modules }: FlowRow, depth = 2, seed = 1): Flow {
  const flow = new Flow(gpu, shapes, modules(depth), { seed });
  const random = new Random(seed);
  for (const name of flow.parameters.names) {
    const tensor = flow.parameters.get(name);
    const scale = 0.4 / Math.sqrt(elements(tensor.shape.slice(1)));
    tensor.write(Float32Array.from({ length: tensor.size }, () => scale * random.normal())); // nothing starts as the identity
  }
  return flow;
}

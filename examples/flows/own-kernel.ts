// A bijection with a kernel of its own: points are turned about the origin, further out by a larger angle.
import { apply, type Bijection, checkFlow, Flow, kernel, type Op, openGpu, Random, Tensor } from 'pyramidflow/flow';

const turn = kernel(
  'turn',
  `override GRADIENT: u32 = 0; // 0: y = R(k |x|^2) x; 1: y = R(...)^T v + 2 k x (R' x . v), the gradient of x for v = dy
   struct Shape { points: u32, k: f32 }
   @group(0) @binding(0) var<uniform> shape: Shape;
   @group(0) @binding(1) var<storage, read> x: array<vec2f>;
   @group(0) @binding(2) var<storage, read> v: array<vec2f>;
   @group(0) @binding(3) var<storage, read_write> y: array<vec2f>;
   @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) at: vec3u) {
     if (at.x >= shape.points) { return; }
     let p = x[at.x];
     let angle = shape.k * dot(p, p);
     let turned = mat2x2f(cos(angle), sin(angle), -sin(angle), cos(angle));
     if (GRADIENT == 0u) { y[at.x] = turned * p; return; }
     let q = turned * p;
     y[at.x] = v[at.x] * turned + 2.0 * shape.k * p * dot(vec2f(-q.y, q.x), v[at.x]);
   }`,
);
function run(x: Tensor, v: Tensor, k: number, GRADIENT: number): Tensor {
  const y = Tensor.empty(x.gpu, x.shape, 'turned');
  const points = x.size / 2;
  x.gpu.run(turn, {
    tensors: { x, v, y },
    uniforms: { points, k },
    constants: { GRADIENT },
    grid: [Math.ceil(points / 64), 1, 1],
  });
  return y;
}
const turnBy: Op<'x', number, 'x'> = {
  name: 'turnBy',
  saves: ['x'],
  forward: ({ x }, k) => run(x, x, k, 0),
  backward: (dy, { x }, k) => ({ x: () => run(x, dy, k, 1) }),
};
/** It keeps areas: its log determinant is 0, and is left out. Its inverse turns back, since |y| = |x|. */
const swirl = (k: number): Bijection => ({
  name: 'swirl',
  forward: (x) => ({ y: apply(turnBy, { x }, k) }),
  inverse: (y) => apply(turnBy, { x: y }, -k),
});

const gpu = await openGpu();
await gpu.compile(turn); // would throw here, with the line, if the kernel were wrong
const random = new Random(3);
const points = Float32Array.from({ length: 20 }, () => random.normal());
export const report = await checkFlow(new Flow(gpu, [2], [swirl(0.2), swirl(-0.1)]), points);
console.log(`${report}`);
gpu.dispose();

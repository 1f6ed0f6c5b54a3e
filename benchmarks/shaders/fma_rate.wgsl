// y[i] = the sum of the ends of independent chains x <- x * factor + offset: how fast the device multiplies and adds.
// y: (invocations)
// grid: one invocation an element of y; each does rounds * 8 * CHAINS * 4 multiply-adds
alias Real = f32; // the benchmark makes the f16 variant from this text
override CHAINS: u32 = 2; // vec4 each; few fit a CPU's registers, many hide a GPU's latency

struct Shape { rounds: u32, factor: f32, offset: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4<Real>(Real(shape.factor));
  let offset = vec4<Real>(Real(shape.offset));
  var x: array<vec4<Real>, CHAINS>;
  // unroll
  for (var c = 0u; c < CHAINS; c++) {
    x[c] = vec4<Real>(vec4f(f32(id.x % 64u)) + vec4f(0, 1, 2, 3) * 0.25 + f32(c) * 0.125);
  }
  for (var round = 0u; round < shape.rounds; round++) {
    // unroll
    for (var step = 0u; step < 8u; step++) {
      // unroll
      for (var c = 0u; c < CHAINS; c++) { x[c] = fma(x[c], factor, offset); }
    }
  }
  var sum = vec4<Real>();
  // unroll
  for (var c = 0u; c < CHAINS; c++) { sum += x[c]; }
  y[id.x] = f32(sum.x + sum.y + sum.z + sum.w);
}

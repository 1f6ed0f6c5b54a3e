// y[i] = sum over s of x[s, i], in order of s.
// x: (slices, size)   y: (size)
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { slices: u32, size: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  var sum = 0.0;
  for (var s = 0u; s < shape.slices; s++) { sum += x[s * shape.size + i]; }
  y[i] = sum;
}

// y = a * y + b * x, in place over y.
// x, y: (size)
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { size: u32, a: f32, b: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  y[i] = shape.a * y[i] + shape.b * x[i];
}

// y = x > 0 ? x : slope * x
// With GRADIENT = 1, x holds dy, and y holds the forward's y and is replaced by dx = (y > 0 ? 1 : slope) * dy.
// x, y: (size)
// grid: linear over size
// #include "lib/linear_index.wgsl"
override GRADIENT: u32 = 0;

struct Shape { size: u32, slope: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  var sign = x[i];
  if (GRADIENT == 1u) { sign = y[i]; }
  y[i] = select(shape.slope, 1.0, sign > 0.0) * x[i];
}

// y = factor * y + offset, in place; with factor 0 it fills, whatever y held.
// y: (size)
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { size: u32, factor: f32, offset: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  var value = shape.offset;
  if (shape.factor != 0.0) { value += shape.factor * y[i]; } // memory of the pool may hold NaN
  y[i] = value;
}

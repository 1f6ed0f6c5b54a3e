// y[item, toStart + i] = x[item, fromStart + i] for i < size: copies a window of channels of every image.
// x: (items, fromStride)   y: (items, toStride)
// grid: linear over items * size
// #include "lib/linear_index.wgsl"
struct Shape { items: u32, size: u32, fromStart: u32, fromStride: u32, toStart: u32, toStride: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.items * shape.size) { return; }
  let item = i / shape.size;
  let rest = i % shape.size;
  y[item * shape.toStride + shape.toStart + rest] = x[item * shape.fromStride + shape.fromStart + rest];
}

// y[n, c, p] = x[n, c, p] + bias[c]
// x, y: (items, channels, pixels)   bias: (channels)
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { size: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  y[i] = x[i] + bias[i / shape.pixels % shape.channels];
}

// y[n, c, p] = x[n, order[c], p]: puts channels into another order.
// x, y: (items, channels, pixels)   order: (channels)
// grid: linear over items * channels * pixels
// #include "lib/linear_index.wgsl"
struct Shape { size: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  let channel = i / shape.pixels % shape.channels;
  y[i] = x[i + (order[channel] - channel) * shape.pixels]; // the difference may wrap around, and so does the sum
}

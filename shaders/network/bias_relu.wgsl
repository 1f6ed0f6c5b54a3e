// x = max(0, x + bias[channel] (+ residual)), in place.
// x, residual: (batch, channels, pixels)   bias: (channels)
// grid: linear over the elements of x
// #include "lib/linear_index.wgsl"
override RESIDUAL: u32 = 0;

struct Shape { size: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  var value = x[i] + bias[i / shape.pixels % shape.channels];
  if (RESIDUAL == 1u) { value += residual[i]; }
  x[i] = max(0.0, value);
}

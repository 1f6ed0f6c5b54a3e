// y[n, p] = mean over c of |x[n, c, p] - t[c, p]|: one level of the anomaly map (paper, equation 9).
// x: (batch, channels, pixels)   t: (channels, pixels)   y: (batch, pixels)
// grid: linear over batch * pixels
// #include "lib/linear_index.wgsl"
struct Shape { batch: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  if (index >= shape.batch * shape.pixels) { return; }
  let n = index / shape.pixels;
  let p = index % shape.pixels;
  var sum = 0.0;
  for (var c = 0u; c < shape.channels; c++) {
    sum += abs(x[(n * shape.channels + c) * shape.pixels + p] - t[c * shape.pixels + p]);
  }
  y[index] = sum / f32(shape.channels);
}

// mean[p] = sum over n, c of x[n, c, p] / (batch * channels), in order: the mean of CVN.
// x: (batch * channels, pixels)   mean: (pixels)
// grid: linear over pixels
// #include "lib/linear_index.wgsl"
struct Shape { planes: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let p = linearIndex(at);
  if (p >= shape.pixels) { return; }
  var sum = 0.0;
  for (var plane = 0u; plane < shape.planes; plane++) { sum += x[plane * shape.pixels + p]; }
  mean[p] = sum / f32(shape.planes);
}

// y[n, c, p] = (x[n, p, c] / 255 - mean[c]) / std[c]
// x: (batch, pixels, 3), one byte in a u32   y: (batch, 3, pixels)
// grid: linear over batch * 3 * pixels
// #include "lib/linear_index.wgsl"
struct Shape {
  batch: u32, pixels: u32, mean0: f32, mean1: f32, mean2: f32, std0: f32, std1: f32, std2: f32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  if (index >= shape.batch * 3u * shape.pixels) { return; }
  let p = index % shape.pixels;
  let c = index / shape.pixels % 3u;
  let n = index / shape.pixels / 3u;
  let mean = vec3f(shape.mean0, shape.mean1, shape.mean2);
  let deviation = vec3f(shape.std0, shape.std1, shape.std2);
  y[index] = (f32(x[(n * shape.pixels + p) * 3u + c]) / 255.0 - mean[c]) / deviation[c];
}
